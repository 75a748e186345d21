import { IsString, IsUUID, Length } from 'class-validator';
import { Optional } from '../http/fields.js';
import { PageQuery } from '../http/route.js';

/** What narrows a list of keys, of either kind. */
export class CredentialQueryDto extends PageQuery {
  /** Only keys of this vendor */
  @Optional()
  @IsUUID()
  vendorId?: string;

  /** Only keys whose name contains this, in upper or lower case */
  @Optional()
  @IsString()
  @Length(1, 100)
  q?: string;
}
