import type { ApiResponseNoStatusOptions } from '@nestjs/swagger';

const optionsOf = (dictionary: string, parse: string): ApiResponseNoStatusOptions => ({
  description: `\`${dictionary}\` of WebAuthn Level 3; give it to \`${parse}\``,
  schema: {
    type: 'object',
    additionalProperties: true,
    required: ['challenge'],
    properties: {
      challenge: { type: 'string', maxLength: 86, description: 'Good once, for five minutes' },
      timeout: { type: 'integer', description: 'Milliseconds that the person may take' },
    },
  },
});

export const CREATION_OPTIONS = optionsOf(
  'PublicKeyCredentialCreationOptionsJSON',
  'PublicKeyCredential.parseCreationOptionsFromJSON()',
);
export const REQUEST_OPTIONS = optionsOf(
  'PublicKeyCredentialRequestOptionsJSON',
  'PublicKeyCredential.parseRequestOptionsFromJSON()',
);
