/** The configuration cannot be used. `message` names the setting and what to write instead. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}
