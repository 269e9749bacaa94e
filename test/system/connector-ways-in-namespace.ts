// A private site, and programs that reach it in every way that the connector has, in a network and mount namespace of their
// own; prints what came of each as JSON.
import { chmodSync, chownSync, copyFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installInteropFixture, interopFixtureFolder } from '../interop/fixture-install.ts'
import { ObservedProgram } from './observed-program.ts'
import { findPlainUser } from './plain-user.ts'
import { PrivateSite, type ServiceName, withFile } from './private-site.ts'
import { output, runProgram } from './run-program.ts'
import type { UseOptions, UseResults } from './use-private-services.ts'

/** What came of each way. */
export interface WayResults {
  /** The user who has no rights. */
  readonly plainUid: number
  readonly run: UseResults
  readonly hosts: UseResults
  readonly dns: UseResults
  readonly register: UseResults
  /** What programs printed in a network of their own. */
  readonly ownNetwork: { readonly ssh: string; readonly literal: string; readonly outside: string }
  readonly java: string
  /** What the names lead to while nobody uses the connector. */
  readonly withoutConnector: string
  /** The hosts file before and after the connector wrote into it. */
  readonly hostsFile: { readonly before: string; readonly during: string; readonly after: string }
  readonly relayedConnections: number
}

const source = ['--conditions=@postern/source']
const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const postern = [process.execPath, ...source, file('../../packages/cli/src/main.ts')]
const user = findPlainUser()

await installInteropFixture('drivers')
