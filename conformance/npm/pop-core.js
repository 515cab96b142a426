'use strict';

// @alicloud/pop-core: the generic RPC client of older programs in JavaScript. It signs with the RPC signature 1.0, writes a
// list as List.1.Member, and throws for every Code that it does not know as a success.

const https = require('https');
const { RPCClient } = require('@alicloud/pop-core');
const { serve } = require('./lines');

// pop-core flattens lists, not objects, so its users write Page.Index themselves.
function flattened(parameters) {
  const flat = {};
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) {
      flat[name] = value;
      continue;
    }
    for (const [member, text] of Object.entries(value)) {
      flat[`${name}.${member}`] = text;
    }
  }
  return flat;
}

function raised(error) {
  if (!error.entry) {
    throw error;
  }
  const { Code: code, Message: message, Recommend: recommend, AccessDeniedDetail: detail } = error.data;
  return {
    status: error.entry.response.statusCode,
    header: error.entry.response.headers,
    body: error.data,
    raised: { code, message, recommend, detail },
  };
}

function open(target) {
  const options = { method: target.variant };
  if (target.authority) {
    options.agent = new https.Agent({ ca: target.authority });
  }
  const client = new RPCClient({
    endpoint: `${target.protocol}://${target.endpoint}`,
    apiVersion: target.version,
    accessKeyId: target.access_key_id,
    accessKeySecret: target.access_key_secret,
    securityToken: target.security_token || undefined,
    opts: options,
  }, true);
  return async (action, parameters) => {
    try {
      const [body, entry] = await client.request(action, flattened(parameters));
      return { status: entry.response.statusCode, header: entry.response.headers, body };
    } catch (error) {
      return raised(error);
    }
  };
}

serve(open);
