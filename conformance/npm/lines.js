'use strict';

// What the scripts share: the first line of the input says where to connect, every other line is one call, and each call
// is answered by one line, in order.

const readline = require('readline');

// An error of the server has a code of its own; anything else, such as a lost connection, is a failure of the call.
function failure(error) {
  return { failure: `${error.name || 'Error'}: ${error.message}` };
}

async function serve(open) {
  let call;
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const message = JSON.parse(line);
    if (!call) {
      call = open(message);
      continue;
    }
    const answer = await call(message.action, message.parameters).catch(failure);
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}

module.exports = { serve };
