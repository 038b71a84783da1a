export type PathRegistryErrorCode = 'NoSuchUpload' | 'Duplicate' | 'UploadHoldsTooMuch' | 'TenantHoldsTooMuch'

/** The path store refused. Nothing was changed. */
export class PathRegistryError extends Error {
  override readonly name = 'PathRegistryError'
  readonly code: PathRegistryErrorCode

  constructor(code: PathRegistryErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
