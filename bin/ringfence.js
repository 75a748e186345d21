#!/usr/bin/env node
'use strict';

require('./ensure-built.js').ensureBuilt();
require('../dist/src/cli/main.js').run(process.argv);
