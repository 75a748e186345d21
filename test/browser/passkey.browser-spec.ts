import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { PASSWORD } from '../support/auth.js';

const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const screenshots = process.env['SCREENSHOT_DIR'];

/** `npm run demo` as a person has it, with a folder of its own. */
async function runDemo(home: string): Promise<{ process: ChildProcess; port: string }> {
  const { PATH, HOME, TMPDIR } = process.env;
  const demo = spawn('npm', ['run', 'demo'], {
    cwd: resolve(__dirname, '../..'),
    env: { PATH, HOME, TMPDIR, PORT: '0', DATA_DIR: join(home, 'data'), RATE_LIMIT_PER_MINUTE: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let written = '';
  const port = await new Promise<string>((found, failed) => {
    demo.once('exit', (code) => failed(new Error(`the demo ended with ${code}:\n${written}`)));
    for (const stream of [demo.stdout, demo.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        written += chunk;
        const isTold = /The links by which/.test(written);
        const listening = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(written)?.[1];
        if (isTold && listening !== undefined) found(listening);
      });
  });
  return { process: demo, port };
}

describe('a passkey in Chromium against `npm run demo`', () => {
  let home: string;
  let demo: Awaited<ReturnType<typeof runDemo>>;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let faults: string[];

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'ringfence-demo-'));
    chmodSync(home, 0o711);
    demo = await runDemo(home);
    const args =
      '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';
    browser = await chromium.launch({ executablePath, args: args.split(' ') });
  }, 180_000);
  afterAll(async () => {
    await browser.close();
    const ended = once(demo.process, 'exit');
    process.kill(-demo.process.pid!, 'SIGTERM');
    await ended;
    rmSync(home, { recursive: true, force: true });
  }, 60_000);

  const shot = async (name: string) => {
    if (screenshots) await page.screenshot({ path: `${screenshots}/passkey-${name}.png` });
  };
  const press = (name: string) => page.getByRole('button', { name, exact: true }).click();
  const signOut = async () => {
    await press('Sign out');
    await page.getByText('Signed out.').waitFor();
  };

  beforeEach(async () => {
    faults = [];
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    page = await context.newPage();
    page.setDefaultTimeout(20_000);
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
    page.on('pageerror', (error) => faults.push(String(error)));
    await page.addInitScript(
      "document.addEventListener('securitypolicyviolation', (e) => console.error('CSP ' + e.violatedDirective))",
    );
  });
  afterEach(() => context.close());

  it('is registered, signs in alone, and finishes a sign-in by password', async () => {
    const devtools = await context.newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    const credentials = async () =>
      (await devtools.send('WebAuthn.getCredentials', { authenticatorId })).credentials;

    const links = readFileSync(join(home, 'data', 'first-run.txt'), 'utf8');
    const [, token] = /tenant-admin@demo\.example[^\n]*\n\s+\S+#setup=(\S+)/.exec(links) ?? [];
    await page.goto(`http://localhost:${demo.port}/docs#setup=${token}`);
    await page.getByLabel('New password').fill(PASSWORD);
    await page.getByLabel('The same again').fill(PASSWORD);
    await press('Set password and sign in');
    await page.getByText('Signed in as').waitFor();

    await press('Second factor');
    await shot('choice');
    await press('Add a passkey');
    await page.locator('#factor-codes li').nth(9).waitFor();
    await shot('codes');
    expect(await credentials()).toMatchObject([{ isResidentCredential: true, rpId: 'localhost' }]);
    await press('Close');
    await signOut();

    await page.getByRole('textbox', { name: 'Tenant', exact: true }).fill('demo');
    await press('Use a passkey');
    await page.getByText('Signed in as tenant-admin@demo.example').waitFor();
    const [used] = await credentials();
    expect(used!.signCount).toBeGreaterThan(1);
    await signOut();

    await page.getByRole('textbox', { name: 'E-mail', exact: true }).fill('tenant-admin@demo.example');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await press('Sign in');
    await page.getByRole('button', { name: 'Continue with a passkey' }).waitFor();
    expect(await page.locator('#account').isVisible()).toBe(false);
    await shot('mfa');
    await press('Continue with a passkey');
    await page.getByText('Signed in as tenant-admin@demo.example').waitFor();
    expect((await credentials())[0]!.signCount).toBeGreaterThan(used!.signCount);
    expect(faults).toEqual([]);
  }, 120_000);

  it('cannot be had at an address, and the page says where', async () => {
    await page.goto(`http://127.0.0.1:${demo.port}/docs`);
    await page.waitForSelector('.opblock');
    expect(await page.getByRole('button', { name: 'Use a passkey' }).isVisible()).toBe(false);
    const links = readFileSync(join(home, 'data', 'first-run.txt'), 'utf8');
    const [, token] = /viewer@demo\.example[^\n]*\n\s+\S+#setup=(\S+)/.exec(links) ?? [];
    await page.goto(`http://127.0.0.1:${demo.port}/docs#setup=${token}`);
    await page.getByLabel('New password').fill(PASSWORD);
    await page.getByLabel('The same again').fill(PASSWORD);
    await press('Set password and sign in');
    await page.getByText('Signed in as').waitFor();
    await press('Second factor');
    const link = page.getByRole('link', { name: 'open this page as localhost' });
    expect(await link.getAttribute('href')).toBe(`http://localhost:${demo.port}/docs`);
    await press('Use an authenticator app');
    await page.locator('#factor-qr[src^="data:image/svg+xml"]').waitFor();
    await shot('app');
    expect(await page.locator('#factor-secret').textContent()).toMatch(/^[A-Z2-7]{32}$/);
    expect(faults).toEqual([]);
  }, 120_000);
});
