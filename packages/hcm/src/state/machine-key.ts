import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { open, readFile, stat } from 'node:fs/promises'
import { Secret } from '@postern/program'
import { RelayError } from '@postern/protocol'

const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16
const prefix = 'sealed.v1.'
const othersMayRead = 0o077

/**
 * Encrypts what is kept (AES-256-GCM) with a key that is a file of its own, readable by the user of the service only. A
 * copy or backup of the state file alone gives nothing away; whoever can read both files can read the secrets.
 */
export class MachineKey {
  readonly #key: Buffer

  private constructor(key: Buffer) {
    this.#key = key
  }

  /**
   * Reads the key, or makes it when there is none and `mayCreate`: a new one opens nothing that was sealed before.
   *
   * @throws {RelayError} InvalidConfiguration when it is gone, cannot be read, or others can read it.
   */
  static async open(path: string, { mayCreate }: { readonly mayCreate: boolean }): Promise<MachineKey> {
    const text = (await readKeyFile(path)) ?? (mayCreate ? await createKeyFile(path) : undefined)
    if (text === undefined) {
      throw unusable(path, 'it is gone; put it back, or move the state file away and add the hybrid connections again')
    }
    const key = Buffer.from(text.trim(), 'base64')
    if (key.length !== keyBytes) throw unusable(path, 'it holds no key; put it back from a backup')
    return new MachineKey(key)
  }

  /** @param purpose what the text is; only who names the same can open it */
  seal(secret: Secret, purpose: string): string {
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(purpose))
    const body = Buffer.concat([cipher.update(secret.reveal(), 'utf8'), cipher.final()])
    return prefix + Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url')
  }

  /** @throws {RelayError} InvalidConfiguration when it was sealed by another key or for another purpose. */
  unseal(sealed: string, purpose: string): Secret {
    const bytes = Buffer.from(sealed.slice(prefix.length), 'base64url')
    try {
      const tag = bytes.subarray(nonceBytes, nonceBytes + tagBytes)
      const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      })
      decipher.setAAD(Buffer.from(purpose)).setAuthTag(tag)
      const body = decipher.update(bytes.subarray(nonceBytes + tagBytes))
      return new Secret(Buffer.concat([body, decipher.final()]).toString('utf8'))
    } catch {
      throw new RelayError('InvalidConfiguration', {
        message: `The key of this machine does not open what was kept for ${purpose}: put back the key file that belongs to the state file, or remove and add it again`,
      })
    }
  }
}

async function readKeyFile(path: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(path)
    if (process.platform !== 'win32' && (mode & othersMayRead) !== 0) {
      throw unusable(path, `other users can read it; chmod 600 ${path}, and have the keys renewed if they might have`)
    }
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function createKeyFile(path: string): Promise<string> {
  const text = `${randomBytes(keyBytes).toString('base64')}\n`
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  return text
}

function unusable(path: string, problem: string): RelayError {
  return new RelayError('InvalidConfiguration', { message: `The key file ${path} cannot be used: ${problem}` })
}
