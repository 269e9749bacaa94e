import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** The key that a release is signed with. */
export interface ReleaseKey {
  readonly privateKey: KeyObject
  readonly publicPem: string
  /** Made here for trying things, known to nobody and guarded by nobody. */
  readonly isDevelopment: boolean
}

/**
 * Reads an Ed25519 key (PEM, PKCS 8). Without a file: the development key, made at the first time and kept, so that one trial release can
 * follow another.
 */
export function openReleaseKey(file: string | undefined, developmentFile: string): ReleaseKey {
  const path = file ?? developmentFile
  if (file === undefined && !existsSync(path)) {
    const { privateKey } = generateKeyPairSync('ed25519')
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
  }
  const privateKey = createPrivateKey(readFileSync(path))
  if (privateKey.asymmetricKeyType !== 'ed25519') {
    throw new Error(
      `${path} holds a key of ${privateKey.asymmetricKeyType}; make one: openssl genpkey -algorithm ed25519`,
    )
  }
  const publicPem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString()
  return { privateKey, publicPem, isDevelopment: file === undefined }
}

/** The raw 64 bytes that `openssl pkeyutl -verify -rawin` takes. */
export function signText(text: string, { privateKey }: ReleaseKey): Uint8Array {
  return sign(null, Buffer.from(text), privateKey)
}
