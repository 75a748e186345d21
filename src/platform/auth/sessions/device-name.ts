import { getParser } from 'bowser';

/** What people call the program and machine that a user agent names, as `Firefox 128 on Windows`; null for neither. */
export function deviceName(userAgent: string | null): string | null {
  if (!userAgent) return null;
  const parser = getParser(userAgent);
  const browser = parser.getBrowser();
  const program = [browser.name, browser.version?.split('.')[0]].filter(Boolean).join(' ');
  const machine = parser.getOSName();
  return [program, machine].filter(Boolean).join(' on ') || null;
}
