/** What is said in one mail, before it becomes text and HTML. */
export interface Message {
  subject: string;
  paragraphs: readonly string[];
  /** The one thing to do; the link stands alone in the text, and as a button's address in HTML. */
  action?: { label: string; link: string };
}

const WHITE_SPACE = /[\p{Cc}\p{Zl}\p{Zp}\s]+/gu;
const MAX_SUBJECT = 200;
const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** The subject in one line: whatever a name holds, it begins no header of its own. */
export function subjectOf({ subject }: Message): string {
  return Array.from(subject.replace(WHITE_SPACE, ' ').trim()).slice(0, MAX_SUBJECT).join('');
}

export function asText({ paragraphs, action }: Message): string {
  const oneLine = (text: string): string => text.replace(WHITE_SPACE, ' ');
  return [...paragraphs.map(oneLine), ...(action ? [`${action.label}:\n${action.link}`] : []), ''].join(
    '\n\n',
  );
}

/** Plain HTML without images, scripts or anything loaded from elsewhere; all that is said is escaped. */
export function asHtml(message: Message): string {
  const { paragraphs, action } = message;
  const parts = paragraphs.map((text) => `<p>${escape(text)}</p>`);
  if (action) parts.push(`<p><a href="${escape(action.link)}">${escape(action.label)}</a></p>`);
  const title = `<title>${escape(subjectOf(message))}</title>`;
  return `<!doctype html>\n<html lang="en"><head><meta charset="utf-8">${title}</head>\n<body>\n${parts.join('\n')}\n</body></html>\n`;
}

const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character]!);
