import { chromium, type Browser, type BrowserContext, type Page, type Request } from 'playwright-core';

import { login, NEXT_PASSWORD, PASSWORD, uniqueEmail, type Pair } from '../support/auth.js';
import { Client, serverUrl } from '../support/client.js';
import { OPERATOR_EMAIL, OPERATOR_PASSWORD } from '../support/server.js';
import { unique, world } from '../support/world.js';

/** The docs page in a real browser, with the shared server behind it. */
const base = serverUrl();
const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const screenshots = process.env['SCREENSHOT_DIR'];
const OPERATOR = { email: OPERATOR_EMAIL, password: OPERATOR_PASSWORD };

describe('the docs page', () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let faults: string[];
  let requests: Request[];

  beforeAll(async () => {
    const args =
      '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';
    browser = await chromium.launch({ executablePath, args: args.split(' ') });
  }, 60_000);
  afterAll(() => browser.close());

  beforeEach(async () => {
    faults = [];
    requests = [];
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    page = await context.newPage();
    page.setDefaultTimeout(10_000);
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('request', (request) => requests.push(request));
    await page.addInitScript(
      "document.addEventListener('securitypolicyviolation', (e) => console.error('CSP ' + e.violatedDirective))",
    );
  });
  afterEach(() => context.close());

  const open = async (path = '/docs') => {
    await page.goto(base + path);
    await page.waitForSelector('.opblock');
  };
  const signIn = async ({ email, password } = OPERATOR) => {
    await page.getByRole('textbox', { name: 'E-mail', exact: true }).fill(email);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  };
  const signedIn = () => page.getByText(`Signed in as ${OPERATOR_EMAIL}.`).waitFor();
  const shot = async (name: string) => {
    if (screenshots) await page.screenshot({ path: `${screenshots}/docs-${name}.png` });
  };
  const authorizationOf = (path: string) =>
    requests.filter((r) => new URL(r.url()).pathname === path).map((r) => r.headers()['authorization']);
  /** Executes `GET /v1/me`, and waits until the page shows this status. */
  const executeMe = async (status: number) => {
    const operation = page.locator('.opblock', { has: page.locator('[data-path="/v1/me"]') }).first();
    if (!(await operation.locator('button.execute').isVisible()))
      await operation.locator('.opblock-summary').click();
    await operation.locator('button.execute').click();
    const shown = operation.locator('.live-responses-table .response-col_status', { hasText: `${status}` });
    await shown.first().waitFor();
  };
  const pairFrom = async (path: string): Promise<Pair> =>
    (await (await page.waitForResponse(base + path)).json()) as Pair;

  it('breaks no policy, asks no other origin and stores nothing while a caller signs in and executes', async () => {
    await open();
    await shot('start');
    const pair = pairFrom('/v1/auth/login');
    await signIn();
    await signedIn();
    const bearer = `Bearer ${(await pair).accessToken}`;
    await executeMe(200);
    await shot('executed');
    expect(authorizationOf('/v1/me')).toEqual([bearer, bearer]);
    expect(await page.evaluate('localStorage.length + sessionStorage.length')).toBe(0);
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await page.getByText('Signed out.').waitFor();
    expect(authorizationOf('/v1/auth/logout')).toEqual([bearer]);
    expect(faults).toEqual([]);
    await executeMe(401);
    expect(authorizationOf('/v1/me').at(-1)).toBeUndefined();
    expect(requests.filter((r) => !r.url().startsWith(base) && !r.url().startsWith('data:'))).toEqual([]);
    // What the browser itself says of a refused request.
    expect(faults).toEqual([expect.stringMatching(/^Failed to load resource: .* 401 /)]);
  }, 60_000);

  it('says what the API says against a sign-in', async () => {
    await open();
    await page.getByRole('textbox', { name: 'Tenant', exact: true }).fill('acme');
    await signIn({ ...OPERATOR, password: 'wrong' });
    const refusal = 'The tenant, e-mail address or password is wrong.';
    await page.getByRole('alert').filter({ hasText: refusal }).waitFor();
    await shot('refused');
    expect(await page.getByRole('textbox', { name: 'E-mail', exact: true }).inputValue()).toBe(
      OPERATOR_EMAIL,
    );
  }, 60_000);

  it('asks for the second factor when the answer wants one', async () => {
    const { body: pair } = await login(OPERATOR);
    const wanted = { mfaRequired: true, mfaToken: 'm', methods: ['totp'] };
    await page.route('**/v1/auth/login', (route) => route.fulfill({ json: wanted }));
    await page.route('**/v1/auth/mfa', (route) => route.fulfill({ json: pair }));
    await open();
    await signIn();
    await page.getByLabel('Code', { exact: true }).fill('123456');
    await shot('mfa');
    const sent = page.waitForRequest('**/v1/auth/mfa');
    await page.getByRole('button', { name: 'Continue' }).click();
    expect((await sent).postDataJSON()).toEqual({ mfaToken: 'm', method: 'totp', code: '123456' });
    await signedIn();
    expect(faults).toEqual([]);
  }, 60_000);

  it('replaces a token before it ends and executes with the new one', async () => {
    // The tokens are real; the page is told that they end soon.
    await page.route('**/v1/auth/login', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...((await response.json()) as Pair), expiresIn: 4 } });
    });
    await open();
    const renewed = pairFrom('/v1/auth/refresh');
    await signIn();
    const { accessToken } = await renewed;
    await page.waitForTimeout(200);
    await executeMe(200);
    expect(authorizationOf('/v1/me').at(-1)).toBe(`Bearer ${accessToken}`);
    expect(new Set(authorizationOf('/v1/me')).size).toBe(2);
    expect(faults).toEqual([]);
  }, 60_000);

  it('takes a setup link out of the address bar and lets its owner choose a password', async () => {
    const tenant = { slug: unique('tenant'), name: 'Acme', admin: { email: uniqueEmail() } };
    const operator = await world.operator();
    const made = await operator.create<{ admin: { invitation: { token: string } } }>('/v1/tenants', tenant);
    await open(`/docs#setup=${made.admin.invitation.token}`);
    expect(page.url()).toBe(`${base}/docs`);
    expect(await page.evaluate('document.activeElement?.id')).toBe('setup-title');
    await page.getByLabel('New password').fill(PASSWORD);
    await page.getByLabel('The same again').fill(NEXT_PASSWORD);
    await page.getByRole('button', { name: 'Set password' }).click();
    await page.getByText('The two passwords differ.').waitFor();
    await shot('setup');
    await page.getByLabel('The same again').fill(PASSWORD);
    await page.getByRole('button', { name: 'Set password' }).click();
    await page.getByText(`tenant ${tenant.slug}`).waitFor();
    expect(await page.getByRole('heading', { name: 'Choose a password' }).isVisible()).toBe(false);
    await executeMe(200);
    expect(faults).toEqual([]);
    const credentials = { tenant: tenant.slug, email: tenant.admin.email, password: PASSWORD };
    expect((await Client.signIn(credentials)).me.roles).toEqual(['tenant_admin']);
  }, 60_000);

  it('fits a telephone, in the dark', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.emulateMedia({ colorScheme: 'dark' });
    await open();
    await shot('mobile-dark');
    const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
    expect(overflow).toBeLessThanOrEqual(0);
    await page.goto(`${base}/docs/errors#not_found`);
    await shot('errors-mobile-dark');
    expect(faults).toEqual([]);
  }, 60_000);
});
