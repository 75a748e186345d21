/** A browser's word that the types of structured-headers use; without it all of their values would be `any`. */
type BufferSource = ArrayBuffer | ArrayBufferView;
