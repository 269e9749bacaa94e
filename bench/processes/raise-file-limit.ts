import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** 10,000 connections have 20,000 ends, and a process that holds both needs some files beside them. */
const wantedFiles = 65_536

/**
 * Raises how many files this process, and each that it starts, may open, as far as it is allowed to.
 *
 * @returns the limit that holds from now on.
 */
export function raiseFileLimit(): number {
  const limit = readFileLimit()
  if (limit >= wantedFiles) return limit
  try {
    execFileSync('prlimit', ['--pid', String(process.pid), `--nofile=${wantedFiles}:${wantedFiles}`], {
      stdio: 'ignore',
    })
  } catch {
    // Only root may raise the hard limit, and not everywhere; the report says what was left.
  }
  return readFileLimit()
}

function readFileLimit(): number {
  return Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 0)
}
