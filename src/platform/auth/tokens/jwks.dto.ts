/** A public key (RFC 7517). */
export class JwkDto {
  /** Names the key in the header of a token */
  kid: string;

  /** The algorithm it is for: `ES256` */
  alg: string;

  /** What it is for: `sig`, signatures */
  use: string;

  /** `EC` */
  kty: string;

  /** `P-256` */
  crv: string;

  /** The point's first coordinate, base64url */
  x: string;

  /** The point's second coordinate, base64url */
  y: string;
}

export class JwksDto {
  /** The keys with which access tokens can be verified, the one that signs now first; the next one is among them */
  keys: JwkDto[];
}
