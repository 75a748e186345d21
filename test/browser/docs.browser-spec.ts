import { chromium, type Browser, type BrowserContext, type Page, type Request } from 'playwright-core';

/**
 * The docs page in a real browser, against any running server (DOCS_TEST_URL). The answers to the page's own
 * sign-in calls are played here, so that it needs no account; everything else comes from the server.
 */
const base = process.env['DOCS_TEST_URL'] ?? 'http://127.0.0.1:3000';
const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const screenshots = process.env['SCREENSHOT_DIR'];

const me = {
  id: '1',
  kind: 'user',
  email: 'ada@acme.example',
  tenant: { id: '1', slug: 'acme' },
  roles: ['admin'],
};
const pair = (n: number, expiresIn = 600) => ({
  accessToken: `access-${n}`,
  refreshToken: `refresh-${n}`,
  expiresIn,
});

describe('the docs page', () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let faults: string[];
  let requests: Request[];
  let expiresIn: number;

  beforeAll(async () => {
    const args =
      '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';
    browser = await chromium.launch({ executablePath, args: args.split(' ') });
  }, 60_000);
  afterAll(() => browser.close());

  beforeEach(async () => {
    faults = [];
    requests = [];
    expiresIn = 600;
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    page = await context.newPage();
    page.setDefaultTimeout(10_000);
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('request', (request) => requests.push(request));
    await page.addInitScript(
      "document.addEventListener('securitypolicyviolation', (e) => console.error('CSP ' + e.violatedDirective))",
    );
    await page.route('**/v1/auth/login', (route) => {
      const { password } = route.request().postDataJSON() as { password: string };
      if (password === 'right') return route.fulfill({ json: pair(1, expiresIn) });
      if (password === 'mfa')
        return route.fulfill({ json: { mfaRequired: true, mfaToken: 'm', methods: ['totp'] } });
      const body = JSON.stringify({ detail: 'These do not fit together.', code: 'invalid_credentials' });
      return route.fulfill({ status: 401, contentType: 'application/problem+json', body });
    });
    await page.route('**/v1/auth/mfa', (route) => route.fulfill({ json: pair(3) }));
    await page.route('**/v1/auth/refresh', (route) => route.fulfill({ json: pair(2) }));
    await page.route('**/v1/auth/logout', (route) => route.fulfill({ status: 204 }));
    await page.route('**/v1/invitations/accept', (route) => route.fulfill({ json: pair(4) }));
    await page.route('**/v1/me', (route) => route.fulfill({ json: me }));
  });
  afterEach(() => context.close());

  const open = async (path = '/docs') => {
    await page.goto(base + path);
    await page.waitForSelector('.opblock');
  };
  const signIn = async (password: string) => {
    await page.getByLabel('Tenant').fill('acme');
    await page.getByLabel('E-mail').fill('ada@acme.example');
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByRole('button', { name: 'Sign in' }).click();
  };
  const shot = async (name: string) => {
    if (screenshots) await page.screenshot({ path: `${screenshots}/docs-${name}.png` });
  };
  const authorizationOf = (path: string) =>
    requests.filter((r) => new URL(r.url()).pathname === path).map((r) => r.headers()['authorization']);
  const executeMe = async () => {
    const operation = page.locator('.opblock', { has: page.locator('[data-path="/v1/me"]') }).first();
    if (!(await operation.locator('button.execute').isVisible()))
      await operation.locator('.opblock-summary').click();
    await operation.locator('button.execute').click();
    await operation.locator('.live-responses-table').waitFor();
  };

  it('breaks no policy, asks no other origin and stores nothing while a caller signs in and executes', async () => {
    await open();
    await shot('start');
    await signIn('right');
    await page.getByText('tenant acme').waitFor();
    await executeMe();
    await shot('executed');
    expect(authorizationOf('/v1/me').at(-1)).toBe('Bearer access-1');
    expect(await page.evaluate('localStorage.length + sessionStorage.length')).toBe(0);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('Signed out.').waitFor();
    expect(authorizationOf('/v1/auth/logout')).toEqual(['Bearer access-1']);
    await executeMe();
    expect(authorizationOf('/v1/me').at(-1)).toBeUndefined();
    expect(requests.filter((r) => !r.url().startsWith(base) && !r.url().startsWith('data:'))).toEqual([]);
    expect(faults).toEqual([]);
  }, 60_000);

  it('says what the API says against a sign-in', async () => {
    await open();
    await signIn('wrong');
    await page.getByRole('alert').filter({ hasText: 'These do not fit together.' }).waitFor();
    await shot('refused');
    expect(await page.getByLabel('E-mail').inputValue()).toBe('ada@acme.example');
  }, 60_000);

  it('asks for the second factor', async () => {
    await open();
    await signIn('mfa');
    await page.getByLabel('Code', { exact: true }).fill('123456');
    await shot('mfa');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('tenant acme').waitFor();
    expect(faults).toEqual([]);
  }, 60_000);

  it('replaces a token before it ends and executes with the new one', async () => {
    expiresIn = 4;
    await open();
    const refreshed = page.waitForResponse('**/v1/auth/refresh');
    await signIn('right');
    await refreshed;
    await page.waitForTimeout(200);
    await executeMe();
    expect(authorizationOf('/v1/me').at(-1)).toBe('Bearer access-2');
  }, 60_000);

  it('takes a setup link out of the address bar and lets its owner choose a password', async () => {
    await open('/docs#setup=one-time-token');
    expect(page.url()).toBe(`${base}/docs`);
    expect(await page.evaluate('document.activeElement?.id')).toBe('setup-title');
    await page.getByLabel('New password').fill('a long enough password');
    await page.getByLabel('The same again').fill('a different one');
    await page.getByRole('button', { name: 'Set password' }).click();
    await page.getByText('The two passwords differ.').waitFor();
    await shot('setup');
    await page.getByLabel('The same again').fill('a long enough password');
    const accepted = page.waitForRequest('**/v1/invitations/accept');
    await page.getByRole('button', { name: 'Set password' }).click();
    expect((await accepted).postDataJSON()).toEqual({
      token: 'one-time-token',
      password: 'a long enough password',
    });
    await page.getByText('tenant acme').waitFor();
    expect(await page.getByText('Choose a password').isVisible()).toBe(false);
    expect(faults).toEqual([]);
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
