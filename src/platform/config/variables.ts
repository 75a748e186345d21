import { z } from 'zod';

/** A rule that turns the text of a variable into its value, or answers what it must be. */
export type Reading<T> = { value: T } | { mustBe: string };

/** A variable that the rule reads; of a secret one no fault tells the text. */
export function variable<T>(read: (text: string) => Reading<T>, secret = false) {
  return z.string().transform((text, context): T => {
    const reading = read(text);
    if ('value' in reading) return reading.value;
    const got = secret ? '' : `, got ${JSON.stringify(text)}`;
    context.issues.push({ code: 'custom', input: text, message: `must be ${reading.mustBe}${got}` });
    return z.NEVER;
  });
}

export const wholeNumber = (min: number, max: number) =>
  variable<number>((text) =>
    /^\d{1,15}$/.test(text) && Number(text) >= min && Number(text) <= max
      ? { value: Number(text) }
      : { mustBe: `a whole number from ${min} to ${max}` },
  );

export const oneOf = <T extends string>(values: readonly T[]) =>
  variable<T>((text) => {
    const value = values.find((known) => known === text);
    return value === undefined ? { mustBe: `one of ${values.join(', ')}` } : { value };
  });

export const list = (accepts: (item: string) => boolean, mustBe: string) =>
  variable<readonly string[]>((text) => {
    const items = text.split(',').map((item) => item.trim());
    return items.every(accepts) ? { value: [...new Set(items)] } : { mustBe };
  });

export const text = (min: number, max: number, secret = false) =>
  variable<string>(
    (value) =>
      value.length >= min && value.length <= max ? { value } : { mustBe: `${min} to ${max} characters` },
    secret,
  );

/** As libpq reads it: where `?host=` names the folder of a socket, the place of the host may be empty. */
export const databaseUrl = variable<string>((text) => {
  const whole = /[?&]host=(%2f|\/)/i.test(text)
    ? text.replace(/^(\w+:\/\/(?:[^/?#]*@)?)(?=\/)/, '$1socket')
    : text;
  const isKnown = /^postgres(ql)?:\/\//.test(text) && URL.canParse(whole);
  return isKnown ? { value: text } : { mustBe: 'a URL that begins with postgres://' };
}, true);
