interface FileKind {
  mediaType: string;
  extensions: readonly string[];
  /** Further names under which senders declare it. */
  aliases?: readonly string[];
}

const OOXML = 'application/vnd.openxmlformats-officedocument';

/** Every type that can be recognised by its bytes; UPLOAD_TYPES chooses among them. */
export const FILE_KINDS: readonly FileKind[] = [
  { mediaType: 'application/pdf', extensions: ['pdf'], aliases: ['application/x-pdf'] },
  { mediaType: 'image/png', extensions: ['png'] },
  { mediaType: 'image/jpeg', extensions: ['jpg', 'jpeg'], aliases: ['image/jpg', 'image/pjpeg'] },
  { mediaType: 'image/webp', extensions: ['webp'] },
  { mediaType: 'image/gif', extensions: ['gif'] },
  { mediaType: 'text/plain', extensions: ['txt', 'text', 'log', 'md'], aliases: ['text/markdown'] },
  {
    mediaType: 'text/csv',
    extensions: ['csv'],
    // What Windows calls a CSV when Excel is installed, and what others fall back to.
    aliases: ['application/csv', 'application/vnd.ms-excel', 'text/plain'],
  },
  { mediaType: `${OOXML}.wordprocessingml.document`, extensions: ['docx'] },
  { mediaType: `${OOXML}.spreadsheetml.sheet`, extensions: ['xlsx'] },
  { mediaType: `${OOXML}.presentationml.presentation`, extensions: ['pptx'] },
  {
    mediaType: 'application/zip',
    extensions: ['zip'],
    aliases: ['application/x-zip-compressed', 'application/x-zip'],
  },
];

/** The kind by this name, if it is one that is accepted. */
export function kindByExtension(extension: string, accepted: readonly string[]): FileKind | undefined {
  return FILE_KINDS.find((kind) => accepted.includes(kind.mediaType) && kind.extensions.includes(extension));
}

/** Does the type that the sender declared fit the kind? Undefined and `application/octet-stream` say nothing. */
export function agrees(kind: FileKind, declared: string | undefined): boolean {
  if (declared === undefined || declared === 'application/octet-stream') return true;
  return declared === kind.mediaType || (kind.aliases?.includes(declared) ?? false);
}

/** Throws when a type is none that can be recognised. For the start. */
export function assertKnownTypes(mediaTypes: readonly string[]): void {
  for (const mediaType of mediaTypes) {
    if (!FILE_KINDS.some((kind) => kind.mediaType === mediaType))
      throw new Error(`UPLOAD_TYPES: "${mediaType}" is not a type that can be recognised by its bytes`);
  }
}
