import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { RelayError } from '@postern/protocol'

/** Who holds the draft for so long is dead, or so slow that it begins again when its draft is gone. */
const abandonedMs = 2_000
/** Longer than a draft takes to be abandoned: a program that is started again where one was killed finds its way. */
const waitMs = 5_000
const pollMs = 50
const maxAttempts = 3

/** Another one took our draft for abandoned; the file is as it was. */
class DraftLost extends Error {
  override readonly name = 'DraftLost'

  constructor(cause?: unknown) {
    super('the draft was taken over', { cause })
  }
}

/**
 * Changes a file of the system so that whoever reads it finds the old text or the new one, with its mode and owner. Two that
 * change it at a time wait for each other: the draft beside it is their lock.
 *
 * A file that is mounted by itself, as in containers, cannot be replaced; it is written over.
 *
 * @throws {RelayError} InvalidConfiguration when it may not be read or written.
 */
export async function changeFile(path: string, change: (text: string) => string): Promise<void> {
  try {
    const target = await realpath(path)
    for (let attempt = 1; ; attempt += 1) {
      try {
        await changeOnce(target, change)
        return
      } catch (error) {
        if (!(error instanceof DraftLost) || attempt === maxAttempts) throw error
      }
    }
  } catch (cause) {
    throw new RelayError('InvalidConfiguration', { message: reasonOf(path, cause as NodeJS.ErrnoException), cause })
  }
}

async function changeOnce(target: string, change: (text: string) => string): Promise<void> {
  const draft = `${target}.postern-draft`
  const file = await takeDraft(draft)
  let isGone = false
  try {
    const text = await readFile(target, 'utf8')
    const changed = change(text)
    if (changed === text) return
    const { mode, uid, gid } = await stat(target)
    await file.chmod(mode & 0o7777)
    await file.chown(uid, gid)
    await file.writeFile(changed)
    await file.sync()
    // Renamed by name: it must not be what somebody writes who took ours for abandoned.
    const [own, named] = await Promise.all([file.stat(), stat(draft).catch(() => undefined)])
    if (own.ino !== named?.ino) throw new DraftLost()
    isGone = await putInPlace({ draft, target, text: changed })
  } finally {
    await file.close()
    // What has this name after it was put in place is the draft of somebody else.
    if (!isGone) await rm(draft, { force: true })
  }
}

async function takeDraft(draft: string): ReturnType<typeof open> {
  const deadline = performance.now() + waitMs
  for (;;) {
    try {
      return await open(draft, 'wx', 0o600)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || performance.now() > deadline) throw error
    }
    const { mtimeMs } = await stat(draft).catch(() => ({ mtimeMs: Date.now() }))
    if (Date.now() - mtimeMs > abandonedMs) await rm(draft, { force: true })
    else await delay(pollMs)
  }
}

/** True when the draft has become the file. */
async function putInPlace({ draft, target, text }: { draft: string; target: string; text: string }): Promise<boolean> {
  try {
    await rename(draft, target)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new DraftLost(error)
    if (code !== 'EBUSY') throw error
  }
  const file = await open(target, 'r+')
  try {
    await file.writeFile(text)
    await file.truncate(Buffer.byteLength(text))
    await file.sync()
  } finally {
    await file.close()
  }
  return false
}

function reasonOf(path: string, { code, message }: NodeJS.ErrnoException): string {
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return `${path} may not be changed (${code}): run the connector as root, or use a way in that needs no rights: postern connector run, or NODE_OPTIONS=--import for Node programs`
  }
  if (code === 'EEXIST') return `${path} is being changed by another program for too long: remove ${path}.postern-draft`
  return `${path} cannot be changed: ${message}`
}
