/**
 * Whether the client answers every failed handshake with two new ones, without a pause: hyco-ws, which is known by the key
 * of its old `ws`, `13-` and the clock where others have random bytes (observed). A refusal sets off an avalanche there.
 */
export function isRestlessClient(upgrade: { readonly key: string }): boolean {
  return /^13-\d+$/.test(Buffer.from(upgrade.key, 'base64').toString('latin1'))
}
