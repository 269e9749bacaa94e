import type { CommandNode } from './command-tree.ts'

/** A completion script for bash 4 or newer, without any other package. */
export function bashCompletion(tree: readonly CommandNode[]): string {
  const paths = tree.map(({ words }) => words).filter((words) => words !== '')
  const words = tree.map((node) => {
    const names = [...node.subcommands.map(({ name }) => name), ...node.flags.flatMap((flag) => flag.names)]
    return `    '${node.words}') words='${names.join(' ')}' ;;`
  })
  const values = tree.flatMap((node) =>
    node.flags
      .filter(({ takesValue }) => takesValue)
      .map(({ names, choices }) => {
        const patterns = names.map((name) => `'${node.words} ${name}'`).join('|')
        return choices.length === 0
          ? `    ${patterns}) compopt -o default; return ;;`
          : `    ${patterns}) words='${choices.join(' ')}' ;;`
      }),
  )
  return `# bash completion for postern: source <(postern completion bash)
_postern() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} at='' words='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${at:+$at }\${COMP_WORDS[i]}" in
    ${paths.map((path) => `'${path}'`).join('|')}) at="\${at:+$at }\${COMP_WORDS[i]}" ;;
    esac
  done
  case "$at" in
${words.join('\n')}
  esac
  case "$at $previous" in
${values.join('\n')}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _postern postern
`
}
