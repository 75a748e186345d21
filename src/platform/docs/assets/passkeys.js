import { Problem } from './problem.js';

/** Whether this browser, at this address, can have passkeys: an IP address cannot. */
export const isNamed = !/^[\d.]+$|^\[/.test(location.hostname);
export const arePasskeysPossible = isNamed && !!window.PublicKeyCredential?.parseCreationOptionsFromJSON;

/** Makes a passkey by the options of the API, and resolves to what the API wants to hear of it. */
export function makePasskey(options) {
  const publicKey = window.PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return answerOf(navigator.credentials.create({ publicKey }));
}

/** Uses a passkey by the options of the API, and resolves to what the API wants to hear of it. */
export function usePasskey(options) {
  const publicKey = window.PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return answerOf(navigator.credentials.get({ publicKey }));
}

async function answerOf(ceremony) {
  try {
    return (await ceremony).toJSON();
  } catch (error) {
    if (error.name === 'InvalidStateError') throw new Problem('This device has a passkey for you already.');
    throw new Problem('The passkey was not used: it was cancelled, took too long, or there is none here.');
  }
}
