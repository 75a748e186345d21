import { arePasskeysPossible, isNamed } from './passkeys.js';

const byId = (id) => document.getElementById(id);
const [panel, form, codes] = ['factor', 'factor-form', 'factor-codes'].map(byId);

/** The panel in which somebody gets a second factor: of their own will, or because the sign-in wants one first. */
export class SecondFactorPanel {
  #session;
  #mfaToken;

  /** `onSubmit(form, action, errors)` runs an action and shows what is said against it. */
  constructor(session, onSubmit) {
    this.#session = session;
    const errors = byId('factor-error');
    byId('factor-passkey').hidden = !arePasskeysPossible;
    byId('factor-by-name').hidden = isNamed;
    const named = new URL(location.href);
    named.hostname = 'localhost';
    byId('factor-by-name').querySelector('a').href = named.href;
    onSubmit(byId('factor-app'), () => this.#offerApp(), errors);
    onSubmit(byId('factor-passkey'), () => this.#addPasskey(), errors);
    onSubmit(form, ({ code }) => this.#confirmApp(code.trim()), errors);
    byId('factor-close').addEventListener('click', () => this.close());
  }

  /** With the token of a sign-in when that needs a factor first. */
  open(mfaToken) {
    this.close();
    this.#mfaToken = mfaToken;
    byId('factor-why').hidden = !mfaToken;
    panel.hidden = false;
    byId('factor-title').focus();
  }

  close() {
    this.#mfaToken = undefined;
    panel.hidden = form.hidden = codes.hidden = true;
    form.reset();
    byId('factor-choice').hidden = false;
    byId('factor-error').textContent = byId('factor-secret').textContent = '';
    codes.querySelector('ol').replaceChildren();
    byId('factor-qr').removeAttribute('src');
  }

  async #offerApp() {
    const { secret, qrSvg } = await this.#session.offerApp(this.#mfaToken);
    byId('factor-qr').src = `data:image/svg+xml,${encodeURIComponent(qrSvg)}`;
    byId('factor-secret').textContent = secret;
    form.hidden = false;
    form.elements.code.focus();
  }

  async #confirmApp(code) {
    this.#done(await this.#session.confirmApp(this.#mfaToken, code));
  }

  async #addPasskey() {
    this.#done(await this.#session.addPasskey(this.#mfaToken));
  }

  #done(recoveryCodes) {
    this.close();
    if (recoveryCodes.length === 0) return;
    const items = recoveryCodes.map((code) => {
      const item = document.createElement('li');
      item.textContent = code;
      return item;
    });
    codes.querySelector('ol').replaceChildren(...items);
    byId('factor-choice').hidden = true;
    panel.hidden = codes.hidden = false;
    byId('factor-title').focus();
  }
}
