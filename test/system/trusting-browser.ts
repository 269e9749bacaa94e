import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type LaunchOptions, launch } from 'puppeteer-core'
import { output } from './run-program.ts'

/** A browser that a test can start, as Debian installs it. */
export const browserPrograms = { chromium: '/usr/bin/chromium', firefox: '/usr/bin/firefox-esr' } as const

const chromiumFlags = [
  '--no-sandbox',
  '--no-first-run',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-proxy-server',
]

/** A headless browser with a new profile that trusts one more certificate authority, as a user would import it. */
export class TrustingBrowser implements AsyncDisposable {
  readonly browser: Browser
  readonly #home: string

  private constructor(browser: Browser, home: string) {
    this.browser = browser
    this.#home = home
  }

  static async start(kind: keyof typeof browserPrograms, caPem: string): Promise<TrustingBrowser> {
    const home = mkdtempSync(join(tmpdir(), `postern-${kind}-`))
    try {
      const profile = join(home, 'profile')
      // Chromium reads the user's certificate store, Firefox one in its profile.
      await trust(kind === 'chromium' ? join(home, '.pki', 'nssdb') : profile, caPem)
      const options: LaunchOptions = {
        browser: kind === 'chromium' ? 'chrome' : 'firefox',
        executablePath: browserPrograms[kind],
        userDataDir: profile,
        headless: true,
        env: { ...process.env, HOME: home },
        timeout: 60_000,
        ...(kind === 'chromium' && { args: chromiumFlags, pipe: true }),
      }
      return new TrustingBrowser(await launch(options), home)
    } catch (error) {
      rmSync(home, { recursive: true, force: true })
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close()
    // What a browser writes while it ends comes a moment later.
    rmSync(this.#home, { recursive: true, force: true, maxRetries: 10 })
  }
}

/** Adds an authority to a new NSS database. */
async function trust(folder: string, caPem: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'postern-ca.pem')
  writeFileSync(file, caPem)
  await output('certutil', ['-d', `sql:${folder}`, '-N', '--empty-password'])
  await output('certutil', ['-d', `sql:${folder}`, '-A', '-n', 'postern', '-t', 'C,,', '-i', file])
}
