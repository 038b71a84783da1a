import { passing, type Results, type Run } from '../results.ts'

/** What a test is about, by its name: the first that fits. */
const AREAS: readonly (readonly [area: string, names: RegExp])[] = [
  ['SSE headers', /encrypt|_sse_|kms/],
  ['POST object', /post_object/],
  ['object lock', /object_lock/],
  ['lifecycle', /lifecycle|_lc_/],
  ['versioning', /version/],
  ['checksum, attributes', /checksum|object_attributes|crc|sha/],
  ['copy', /copy/],
  ['multipart', /multipart|upload_part|_mpu/],
  ['conditional requests', /if(_?none)?_?match|ifmodified|ifunmodified|if_modified|conditional|ifn|_ifm/],
  ['listing', /list/],
  ['policy, ACL, CORS, tagging', /policy|acl|cors|tag|grant|public|ownership|access_bucket|anon/],
  ['auth headers', /_aws2$|_aws4$|auth|bad_(date|md5|content|expect|ua)|headers?_|raw_/],
  ['other', /./],
]

/** Before versitygw these pass without meaning: it leaves SSE headers out of account, and takes no form at all. */
const VACUOUS = new Set(['SSE headers', 'POST object'])

const areaOf = (test: string): string => AREAS.find(([, names]) => names.test(test))![0]

/** Prints a table of Markdown: by area, how many pass directly, through, and of those that pass directly through. */
export function tellAreas({ direct, through }: Run): void {
  const areas = [...AREAS.map(([area]) => area), 'all']
  const count = (names: readonly string[], area: string) =>
    names.filter(name => area === 'all' || areaOf(name) === area).length
  const passThrough = passing(through)
  const passDirectly = direct && passing(direct)
  console.log(
    direct ? '| area | tests | directly | of these through | through |' : '| area | tests | through |',
  )
  console.log(direct ? '| --- | --- | --- | --- | --- |' : '| --- | --- | --- |')
  for (const area of areas) {
    const row = [area, count([...through.keys()], area)]
    if (passDirectly)
      row.push(
        count(passDirectly, area),
        count(
          passDirectly.filter(name => passThrough.includes(name)),
          area,
        ),
      )
    console.log(`| ${[...row, count(passThrough, area)].join(' | ')} |`)
  }
}

/** The run without the tests whose passing directly means nothing. */
export function meaningful(direct: Results): Results {
  return new Map([...direct].filter(([name]) => !VACUOUS.has(areaOf(name))))
}
