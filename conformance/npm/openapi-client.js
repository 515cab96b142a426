'use strict';

// @alicloud/openapi-client: the core of the official SDKs in JavaScript. The variant is its own name of the signature; none
// is ACS3-HMAC-SHA256, v2 the RPC signature 1.0.

const { default: Client, Config, OpenApiRequest, Params } = require('@alicloud/openapi-client');
const { serve } = require('./lines');

// The generated SDK sends messages in a form body, but for these two; group operations go into the query whole.
const inQuery = new Set(['Content', 'Payload']);

function request(action, parameters) {
  const query = {};
  const body = {};
  for (const [name, value] of Object.entries(parameters)) {
    const place = action === 'SendChatappMessage' && !inQuery.has(name) ? body : query;
    place[name] = typeof value === 'string' ? value : JSON.stringify(value);
  }
  return new OpenApiRequest(Object.keys(body).length > 0 ? { query, body } : { query });
}

function raised(error) {
  if (!error.data || !error.data.statusCode) {
    throw error;
  }
  return {
    status: error.data.statusCode,
    body: error.data,
    raised: {
      code: error.code,
      message: error.message,
      recommend: error.data.Recommend,
      detail: error.accessDeniedDetail,
    },
  };
}

function open(target) {
  const client = new Client(new Config({
    endpoint: target.endpoint,
    protocol: target.protocol,
    accessKeyId: target.access_key_id,
    accessKeySecret: target.access_key_secret,
    securityToken: target.security_token || undefined,
    ca: target.authority || undefined,
    signatureAlgorithm: target.variant || undefined,
  }));
  return async (action, parameters) => {
    const params = new Params({
      action,
      version: target.version,
      protocol: 'HTTPS',
      pathname: '/',
      method: 'POST',
      authType: 'AK',
      style: 'RPC',
      reqBodyType: 'formData',
      bodyType: 'json',
    });
    try {
      const { statusCode, headers, body } = await client.callApi(params, request(action, parameters), {});
      return { status: statusCode, header: headers, body };
    } catch (error) {
      return raised(error);
    }
  };
}

serve(open);
