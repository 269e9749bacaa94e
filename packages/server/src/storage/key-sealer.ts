import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { Secret } from '@postern/program'
import { RelayError } from '@postern/protocol'

/**
 * Seals short secrets with the master key: AES-256-GCM, written as `v1.{key id}.{nonce}.{ciphertext and tag}`, the last
 * two in base64url. The key id tells which master key opens it, so that keys can be changed one document at a time.
 */
export class KeySealer {
  /** First 8 hex digits of the SHA-256 of the master key: names it without telling anything of use about it. */
  readonly keyId: string
  readonly #key: KeyObject

  /** @throws {RelayError} InvalidConfiguration when the master key is not the base64 of 32 bytes. */
  constructor(masterKey: Secret) {
    const bytes = Buffer.from(masterKey.reveal().trim(), 'base64')
    if (bytes.length !== masterKeyBytes) {
      throw new RelayError('InvalidConfiguration', {
        message: `The master key must be the base64 of ${masterKeyBytes} bytes; make one with: openssl rand -base64 ${masterKeyBytes}`,
      })
    }
    this.keyId = createHash('sha256').update(bytes).digest('hex').slice(0, 8)
    this.#key = createSecretKey(bytes)
  }

  /** A key for another purpose, which tells nothing about the master key: base64 of 32 bytes. RFC 5869 */
  derive(purpose: string): Secret {
    return new Secret(Buffer.from(hkdfSync('sha256', this.#key, '', purpose, masterKeyBytes)).toString('base64'))
  }

  /** Seals a text to its place: it can be opened only with the same `place`, so sealed texts cannot be exchanged. */
  seal(text: string, place: string): string {
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: tagBytes })
    cipher.setAAD(Buffer.from(place))
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
    return [format, this.keyId, nonce.toString('base64url'), sealed.toString('base64url')].join('.')
  }

  /** @throws {RelayError} InternalError when it was sealed with another master key, for another place, or altered. */
  open(sealed: string, place: string): string {
    const [version, keyId, nonce, body, ...rest] = sealed.split('.')
    if (version !== format || nonce === undefined || body === undefined || rest.length > 0) {
      throw new RelayError('InternalError', { message: `A stored key of ${place} has an unknown form.` })
    }
    if (keyId !== this.keyId) {
      throw new RelayError('InternalError', {
        message: `A stored key of ${place} needs master key ${keyId}, but ${this.keyId} was given.`,
      })
    }
    try {
      return this.#decrypt(Buffer.from(nonce, 'base64url'), Buffer.from(body, 'base64url'), place)
    } catch (cause) {
      throw new RelayError('InternalError', { message: `A stored key of ${place} was altered.`, cause })
    }
  }

  #decrypt(nonce: Buffer, body: Buffer, place: string): string {
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: tagBytes })
    decipher.setAAD(Buffer.from(place))
    decipher.setAuthTag(body.subarray(-tagBytes))
    return decipher.update(body.subarray(0, -tagBytes), undefined, 'utf8') + decipher.final('utf8')
  }
}

const format = 'v1'
const masterKeyBytes = 32
/** NIST SP 800-38D section 8.2: 96 random bits; 2^32 seals with one key before a collision is to be thought of. */
const nonceBytes = 12
const tagBytes = 16
