/** What the rules for responses and headers look at. */
export interface OperationFacts {
  method: string;
  path: string;
  isPublic: boolean;
  hasBody: boolean;
  hasPathParameter: boolean;
  hasInput: boolean;
  takesIfMatch: boolean;
  takesIfNoneMatch: boolean;
  takesRange: boolean;
  isUpload: boolean;
  takesIdempotencyKey: boolean;
  isList: boolean;
}
