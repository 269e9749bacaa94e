import { createHmac } from 'node:crypto'

import { createSharedAccessSignature, parseConnectionString } from '@postern/protocol'

/** The bytes of an upgrade request by which a program begins at a hybrid connection; `access` is a connection string, `id` that of a listener. */
export function upgradeRequest(access: string, action: 'listen' | 'publish' | 'subscribe', id?: string): Uint8Array {
  const { endpoint, entityPath } = parseConnectionString(access)
  const query = `sb-hc-action=${action}${id === undefined ? '' : `&sb-hc-id=${id}`}`
  const target = `/$hc/${entityPath}?${query}&sb-hc-token=${encodeURIComponent(createToken(access))}`
  const head = [
    `GET ${target} HTTP/1.1`,
    `Host: ${endpoint.host}:${endpoint.port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n`)
}

/** A shared access signature that is good for an hour. */
export function createToken(access: string): string {
  const { endpoint, entityPath, keyName = '', key = '' } = parseConnectionString(access)
  return createSharedAccessSignature({
    resourceUri: `http://${endpoint.host}:${endpoint.port}/${entityPath}`,
    keyName,
    key,
    expiresAtSeconds: Math.floor(Date.now() / 1000) + 3600,
    hmacSha256: (secret, message) => createHmac('sha256', secret).update(message).digest(),
  })
}
