import { UnauthenticatedError } from '../../../kernel/errors.js';

/** The one refusal of everybody who cannot sign in, whatever the reason. */
export const invalidCredentials = (): UnauthenticatedError =>
  new UnauthenticatedError('invalid_credentials', 'The tenant, e-mail address or password is wrong.');
