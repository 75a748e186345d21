// Makes src/platform/auth/passwords/common-passwords.bin from a list of passwords, the most common first, one a line:
//   node bin/common-passwords.js xato-net-10-million-passwords-1000000.txt
// Kept are all of 13 characters and more, and the most common of 8 to 12, as sorted, shortened digests: nobody reads here what
// people once chose, which now and then is their own address.
'use strict';

const { createHash } = require('node:crypto');
const { readFileSync, writeFileSync } = require('node:fs');
const { resolve } = require('node:path');

const SHORTEST = 8;
const LONG = 13;
const SHORT_ONES = 60_000;
const DIGEST_BYTES = 8;
const TARGET = resolve(__dirname, '../src/platform/auth/passwords/common-passwords.bin');

const digests = new Set();
let short = 0;
for (const line of readFileSync(process.argv[2], 'utf8').split(/\r?\n/)) {
  // The same folding as in password-words.ts.
  const password = line.normalize('NFKC').toLowerCase();
  const { length } = Array.from(password);
  if (length < SHORTEST || (length < LONG && ++short > SHORT_ONES)) continue;
  digests.add(
    createHash('sha256')
      .update(password)
      .digest('hex')
      .slice(0, 2 * DIGEST_BYTES),
  );
}
writeFileSync(TARGET, Buffer.from([...digests].sort().join(''), 'hex'));
console.log(`${digests.size} digests, ${digests.size * DIGEST_BYTES} bytes`);
