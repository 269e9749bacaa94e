import type { DeviceCodePrompt } from '@postern/management'
import { safeText } from '../safe-text.ts'
import type { SignIn } from './keep-sign-in.ts'
import { cliClientId, signInPerson } from './sign-in.ts'

/** Signs a person in: shows an address and a code on standard error, and waits until it was entered there. Ctrl-C gives up. */
export async function signInSomebody(endpoint: string): Promise<SignIn> {
  const stop = new AbortController()
  const onInterrupt = (): void => stop.abort(new Error('The sign-in was given up.'))
  process.once('SIGINT', onInterrupt)
  try {
    const token = await signInPerson({ endpoint, signal: stop.signal, onCode: showCode })
    return { clientId: cliClientId, kind: 'person', ...token }
  } finally {
    process.off('SIGINT', onInterrupt)
  }
}

function showCode({ userCode, verificationUri, verificationUriComplete, expiresInSeconds }: DeviceCodePrompt): void {
  const direct =
    verificationUriComplete === undefined ? '' : `\nor, with the code in it:\n  ${safeText(verificationUriComplete)}`
  process.stderr.write(`To sign in, open this address in a browser, on any device:
  ${safeText(verificationUri)}
and enter the code ${safeText(userCode)}${direct}
Waiting, ${Math.round(expiresInSeconds / 60)} minutes at most...
`)
}
