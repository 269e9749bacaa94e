import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/** Between the page of `npm run bench` and the section of `npm run bench:management`: each leaves the other's alone. */
const border = '\n<!-- npm run bench:management writes what follows -->\n'

/** Writes the tables of the tunnel. */
export function writeTunnelResults(file: string, page: string): void {
  const [, section] = readParts(file)
  writeFileSync(file, section === undefined ? page : `${page}${border}${section}`)
}

/** Writes the section about the management plane, at the end. */
export function writeManagementResults(file: string, section: string): void {
  const [page = ''] = readParts(file)
  writeFileSync(file, `${page}${border}\n${section}\n`)
}

function readParts(file: string): readonly (string | undefined)[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split(border, 2) : []
}
