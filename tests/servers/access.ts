/**
 * Buckets of the fault lab as a program needs them: where they are, and what
 * opens them. All of it is plain JSON, and may be handed to other processes.
 *
 * @module
 */

/** Credentials for S3. */
export interface S3Credentials {
  /** The name of the key. */
  accessKeyId: string;
  /** The secret. */
  secretAccessKey: string;
  /** Comes with temporary credentials. */
  sessionToken?: string;
  /** When they expire, as an ISO time; absent: never. */
  expiration?: string;
}

/** A bucket on the S3 server. */
export interface S3Bucket {
  /** The address of the server, without a slash at its end. */
  endpoint: string;
  /** The name of the bucket. */
  bucket: string;
  /** Its region. */
  region: string;
  /** Credentials that may use it, and no other bucket. */
  credentials: S3Credentials;
  /** A role that `AssumeRoleWithWebIdentity` gives credentials for. */
  roleArn: string;
  /** The web identity token that proves the right to that role. */
  webIdentityToken: string;
  /** The address of STS (`AWS_ENDPOINT_URL_STS`). */
  stsEndpoint: string;
  /** The address for `AWS_CONTAINER_CREDENTIALS_FULL_URI`. */
  containerCredentialsUri: string;
  /** The value for `AWS_CONTAINER_AUTHORIZATION_TOKEN`. */
  containerToken: string;
}

/** A service account's key, as Google's console hands it out. */
export interface ServiceAccountKey {
  /** Always this. */
  type: "service_account";
  /** The project. */
  project_id: string;
  /** Names the private key. */
  private_key_id: string;
  /** The RSA key, PKCS #8 in PEM. */
  private_key: string;
  /** The account: the `iss` of assertions. */
  client_email: string;
  /** Where assertions become tokens; the `aud` of assertions. */
  token_uri: string;
}

/** A user's key, as `gcloud auth application-default login` leaves it. */
export interface UserKey {
  /** Always this. */
  type: "authorized_user";
  /** The program. */
  client_id: string;
  /** Its secret. */
  client_secret: string;
  /** What becomes tokens. */
  refresh_token: string;
  /** Where it becomes tokens. */
  token_uri: string;
}

/** A bucket on the GCS server. */
export interface GcsBucket {
  /** The address of the server, without a slash at its end. */
  endpoint: string;
  /** The name of the bucket. */
  bucket: string;
  /** Its project. */
  project: string;
  /** A service account that may use it, and no other bucket. */
  credentials: ServiceAccountKey;
  /** A user who may. */
  userCredentials: UserKey;
  /** A bearer token that may use it. */
  token: string;
  /** The value for `GCE_METADATA_HOST`: host, port and a path. */
  metadataHost: string;
}
