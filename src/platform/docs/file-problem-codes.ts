import type { ProblemCode } from './problem-code.js';

/** The codes of what concerns the contents of files alone. */
export const FILE_PROBLEM_CODES: readonly ProblemCode[] = [
  {
    code: 'scan_pending',
    status: 409,
    title: 'Not scanned yet',
    meaning:
      'The file was taken while the virus scanner was away; its content is given out once it was found clean.',
    remedy: 'Retry later; “scan” of the file tells how it stands.',
  },
  {
    code: 'file_infected',
    status: 403,
    title: 'File infected',
    meaning: 'The virus scanner found something in the file. Its content is not given out any more.',
    remedy: 'Remove the file, and ask its sender for another.',
  },
  {
    code: 'scanner_unavailable',
    status: 503,
    title: 'Virus scanner unavailable',
    meaning:
      'Files cannot be scanned for viruses now, and this installation takes none that were not. Nothing was stored.',
    remedy: 'Send the same request again after “Retry-After”.',
  },
  {
    code: 'storage_unavailable',
    status: 503,
    title: 'Storage of files unavailable',
    meaning:
      'Where the contents of files are kept does not answer, or refuses the server. Nothing was stored.',
    remedy: 'Send the same request again after “Retry-After”.',
  },
  {
    code: 'insufficient_storage',
    status: 507,
    title: 'Insufficient storage',
    meaning: 'There is no room to store this.',
    remedy: 'Delete what is no longer needed, or ask the operator for more room.',
  },
];
