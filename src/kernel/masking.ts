/** Stands for what the reader may not see. */
const MASK = '•••';

/** `p•••@example.com`: the domain stays, since it tells who the other party is and not the person. */
export function maskEmail(email: string): string {
  const at = email.lastIndexOf('@');
  return at < 1 ? MASK : `${Array.from(email)[0]}${MASK}${email.slice(at)}`;
}

/** The last two characters of a number stay, to tell one from another. */
export function maskNumber(number: string): string {
  return MASK + Array.from(number).slice(-2).join('');
}
