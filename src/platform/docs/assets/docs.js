import { arePasskeysPossible } from './passkeys.js';
import { Problem } from './problem.js';
import { SecondFactorPanel } from './second-factor.js';
import { confirmEmail, forgotPassword, resetPassword, Session } from './session.js';

const byId = (id) => document.getElementById(id);
const [login, mfa, account, setup, setupForm] = ['login', 'mfa', 'account', 'setup', 'setup-form'].map(byId);
const [confirm, confirmForm, forgot, forgotForm] = ['confirm', 'confirm-form', 'forgot', 'forgot-form'].map(
  byId,
);
const PASSWORD_HINT_LENGTH = 15;

const session = new Session(showSession);
/** A link's token, and what it is for: `setup`, `reset` or `confirm-email`. */
let link;
let secondFactor;

// The token leaves the address bar, and with it the history, before anything else can read it.
takeLink();
window.addEventListener('hashchange', takeLink);

const ui = window.SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#reference',
  presets: [window.SwaggerUIBundle.presets.apis],
  layout: 'BaseLayout',
  validatorUrl: null,
  persistAuthorization: false,
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  filter: true,
  tryItOutEnabled: true,
  requestInterceptor: withFreshToken,
  onComplete: () => session.current && ui.preauthorizeApiKey('bearer', session.current),
});

byId('curl').textContent = [
  `curl -s ${location.origin}/v1/auth/login \\`,
  `  -H 'Content-Type: application/json' \\`,
  `  -d '{"tenant":"acme","email":"you@example.com","password":"…"}'`,
  `curl -s ${location.origin}/v1/me -H "Authorization: Bearer $TOKEN"`,
].join('\n');

onSubmit(login, async ({ tenant, email, password }) => {
  const missing = await session.signIn(tenant.trim(), email.trim(), password);
  login.elements.password.value = '';
  askFor(missing);
});
onSubmit(byId('passkey-login'), () => session.signInByPasskey(login.elements.tenant.value.trim()));
byId('passkey-login').hidden = !arePasskeysPossible;

onSubmit(mfa, async ({ method, code }) => {
  await session.secondFactor(secondFactor.mfaToken, method, code.trim());
  mfa.reset();
});
onSubmit(byId('mfa-passkey'), async () => {
  await session.secondFactorByPasskey(secondFactor.mfaToken);
  mfa.reset();
});
mfa.addEventListener('reset', () => {
  secondFactor = undefined;
  if (!session.me) show(login, login.elements.email);
});

onSubmit(
  setupForm,
  async ({ password, repeat }) => {
    if (password !== repeat) throw new Problem('The two passwords differ.');
    const { token, purpose } = link;
    const missing = purpose === 'setup' ? await session.acceptInvitation(token, password) : undefined;
    if (purpose === 'reset') await resetPassword(token, password);
    link = undefined;
    setupForm.reset();
    setup.hidden = true;
    if (purpose === 'setup') return askFor(missing);
    say('Your new password is set. Sign in with it.');
    login.elements.email.focus();
  },
  byId('setup-error'),
);
onSubmit(
  confirmForm,
  async () => {
    await confirmEmail(link.token);
    link = undefined;
    confirm.hidden = true;
    say('Your new e-mail address is confirmed.');
    login.elements.email.focus();
  },
  byId('confirm-error'),
);
onSubmit(
  forgotForm,
  async ({ tenant, email }) => {
    await forgotPassword(tenant.trim(), email.trim());
    forgotForm.reset();
    forgot.hidden = true;
    say('If there is such an account, a link is on its way to it.');
  },
  byId('forgot-error'),
);
setupForm.elements.password.addEventListener('input', showLength);

const factorPanel = new SecondFactorPanel(session, onSubmit);
byId('add-factor').addEventListener('click', () => factorPanel.open());

byId('logout').addEventListener('click', async () => {
  factorPanel.close();
  await session.signOut().catch(() => undefined);
  say('Signed out.');
  login.elements.email.focus();
});

/** Asks for the second factor that a sign-in lacks, or for getting one; nothing when nothing is missing. */
function askFor(missing) {
  secondFactor = missing;
  if (!missing) return;
  if (missing.enrolmentRequired) return factorPanel.open(missing.mfaToken);
  const kinds = [...mfa.elements.method.options];
  for (const kind of kinds) kind.hidden = !missing.methods.includes(kind.value);
  mfa.elements.method.value = kinds.find((kind) => !kind.hidden)?.value ?? 'totp';
  const byPasskey = byId('mfa-passkey');
  byPasskey.hidden = !arePasskeysPossible || !missing.methods.includes('passkey');
  show(mfa, byPasskey.hidden ? mfa.elements.code : byPasskey.querySelector('button'));
}

function takeLink() {
  const [, purpose, token] = /^#(setup|reset|confirm-email)=(.+)$/.exec(location.hash) ?? [];
  if (location.hash === '#forgot') return reveal(forgot, 'forgot-title');
  if (!token) return;
  history.replaceState(null, '', location.pathname + location.search);
  link = { purpose, token };
  if (purpose === 'confirm-email') return reveal(confirm, 'confirm-title');
  byId('setup-title').textContent =
    purpose === 'setup' ? 'Welcome. Choose a password' : 'Choose a new password';
  byId('setup-submit').textContent = purpose === 'setup' ? 'Set password and sign in' : 'Set password';
  reveal(setup, 'setup-title');
}

/** Of the panels that links open, one is seen. */
function reveal(panel, title) {
  for (const each of [setup, confirm, forgot]) each.hidden = each !== panel;
  byId(title).focus();
}

/** Calls of the page to this API carry the newest token, also after the machine has slept. */
async function withFreshToken(request) {
  const carries = request.headers?.Authorization;
  const old = session.current;
  const token = await session.freshToken();
  if (token && carries && carries === `Bearer ${old}`) request.headers.Authorization = `Bearer ${token}`;
  return request;
}

function showSession(token, me, reason) {
  if (token) {
    ui.preauthorizeApiKey('bearer', token);
    const roles = me.roles?.join(', ');
    byId('who').textContent = me.email ?? me.id;
    byId('where').textContent =
      `${me.tenant ? `tenant ${me.tenant.slug}` : 'operator'}${roles ? ` · ${roles}` : ''}`;
    if (account.hidden) {
      show(account, account);
      byId('first-steps').open = false;
      say(`Signed in as ${me.email ?? me.id}. “Execute” now sends your token.`);
    }
    return;
  }
  ui.authActions.logout(['bearer']);
  show(login);
  if (reason) say(reason);
}

/** Exactly one of the bar's three faces is seen. */
function show(face, focused) {
  for (const each of [login, mfa, account]) each.hidden = each !== face;
  byId('passkey-login').hidden = face !== login || !arePasskeysPossible;
  if (face !== mfa) byId('mfa-passkey').hidden = true;
  focused?.focus();
}

function say(text) {
  byId('error').textContent = '';
  byId('status').textContent = text;
}

function showLength() {
  const { length } = setupForm.elements.password.value;
  byId('setup-meter').value = Math.min(length, PASSWORD_HINT_LENGTH);
  byId('setup-length').textContent =
    length < PASSWORD_HINT_LENGTH
      ? `${length} of ${PASSWORD_HINT_LENGTH} characters`
      : `${length} characters, long enough`;
}

/** Runs the action with the form's fields; locks the form meanwhile, and shows what the API says against it. */
function onSubmit(form, action, errors = byId('error')) {
  const button = form.querySelector('[type=submit]');
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    form.setAttribute('aria-busy', 'true');
    byId('error').textContent = errors.textContent = byId('status').textContent = '';
    try {
      await action(Object.fromEntries(new FormData(form)));
    } catch (error) {
      errors.textContent = error instanceof Problem ? error.message : 'Something went wrong on this page.';
      if (!(error instanceof Problem)) console.error(error);
    } finally {
      button.disabled = false;
      form.removeAttribute('aria-busy');
    }
  });
}
