/** One thing that a release puts on a machine, by its path below the release. */
export interface ReleaseFile {
  readonly path: string
  readonly content:
    | { readonly kind: 'text'; readonly text: string; readonly isExecutable: boolean }
    | { readonly kind: 'copy'; readonly from: string; readonly isExecutable: boolean }
    | { readonly kind: 'link'; readonly target: string }
}

/** A text of our own. */
export function textFile(path: string, text: string, { isExecutable = false } = {}): ReleaseFile {
  return { path, content: { kind: 'text', text, isExecutable } }
}

/** A file of this machine. */
export function copiedFile(path: string, from: string, { isExecutable = false } = {}): ReleaseFile {
  return { path, content: { kind: 'copy', from, isExecutable } }
}

/** The same files below a folder. */
export function below(folder: string, files: readonly ReleaseFile[]): readonly ReleaseFile[] {
  return files.map((file) => ({ ...file, path: `${folder}/${file.path}` }))
}
