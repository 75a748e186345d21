import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, getSchemaPath } from '@nestjs/swagger';
import { TokenPairDto } from '../../auth.dto.js';
import { MfaRequiredDto } from './mfa.dto.js';

/** Describes what every route answers that signs in by a password. */
export const SignedInResponse = (): MethodDecorator =>
  applyDecorators(
    ApiExtraModels(TokenPairDto, MfaRequiredDto),
    ApiOkResponse({
      description: 'A pair of tokens; or, where the account has or needs a second factor, what is missing',
      schema: { oneOf: [{ $ref: getSchemaPath(TokenPairDto) }, { $ref: getSchemaPath(MfaRequiredDto) }] },
    }),
  );
