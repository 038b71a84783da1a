/** The grammar of a request head as RFC 9112 and 9110 print it, for comparison: slow, and of another kind than the reader. */
const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const TARGET = '[\\x21\\x22\\x24-\\x7e\\x80-\\xff]+'
const VALUE = '[\\t\\x20-\\x7e\\x80-\\xff]*'
const HEAD = new RegExp(`^(${TOKEN}) (${TARGET}) HTTP/1\\.[01]\\r\\n((?:${TOKEN}:${VALUE}\\r\\n)*)\\r\\n$`)

/** Whether a head is well-formed and framed beyond doubt. Its target must be a path, as S3 has it. */
export function acceptsByGrammar(text: string): boolean {
  const match = HEAD.exec(text)
  if (match === null) return false
  const [, method = '', target = '', section = ''] = match
  if (method.length > 32 || method === 'CONNECT' || !target.startsWith('/')) return false
  const fields = section
    .split('\r\n')
    .slice(0, -1)
    .map(line => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).replace(/^[ \t]+|[ \t]+$/g, ''),
    ])
  const all = (name: string) => fields.filter(([its]) => its === name).map(([, value]) => value!)
  if (all('host').length !== 1 || !/^[A-Za-z0-9.]+(:[0-9]*)?$/.test(all('host')[0]!)) return false
  const codings = all('transfer-encoding')
  if (codings.length + all('content-length').length > 1) return false
  if (codings.length === 1)
    return (
      codings[0]!.toLowerCase() === 'chunked' &&
      text.startsWith('HTTP/1.1', method.length + target.length + 2)
    )
  return all('content-length').every(value => /^[0-9]+$/.test(value))
}
