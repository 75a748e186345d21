import { exitOnFailure, serve } from './serving/serve.js';

exitOnFailure(serve());
