import { page } from './docs-assets.js';
import type { ProblemCode } from './problem-code.js';
import { PROBLEM_CODES } from './problem-codes.js';

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text: string): string => text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? '');

/** The page behind every problem's `type`: one anchored section for each stable code. */
export function errorsPage(): string {
  return page('errors.html', {
    index: PROBLEM_CODES.map(({ code }) => `<li><a href="#${code}">${code}</a></li>`).join('\n'),
    codes: PROBLEM_CODES.map(section).join('\n'),
  });
}

function section({ code, status, title, meaning, remedy }: ProblemCode): string {
  return `<section id="${code}" class="code">
  <h2><code>${code}</code> <span class="status">${status}</span> <span class="title">${escape(title)}</span></h2>
  <p>${escape(meaning)}</p>
  <p class="remedy"><strong>What to do:</strong> ${escape(remedy)}</p>
</section>`;
}
