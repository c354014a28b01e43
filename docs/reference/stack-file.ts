import type { AppSettings } from "../../model/app/settings.ts";
import type { GitHubLinkSettings } from "../../model/github/settings.ts";
import type { PipelineSettings } from "../../model/pipeline/settings.ts";
import type { PlatformSettings } from "../../model/platform/settings.ts";

/** A stack file, `stacks/Pulumi.<stack>.yaml`. */
export interface StackFile {
  /** What the stack is: which of `dynoform:app`, `:platform`, `:github` and `:pipeline` is there says what kind. */
  readonly config: StackConfig;
  /** Pulumi's: how secure values are encrypted. */
  readonly secretsprovider?: string;
  /** Pulumi's: of the passphrase that encrypts secure values. Commit it. */
  readonly encryptionsalt?: string;
  /** Pulumi's: the key that encrypts secure values, as the secrets provider encrypted it. */
  readonly encryptedkey?: string;
}

interface StackConfig {
  readonly "dynoform:app"?: AppStack;
  readonly "dynoform:platform"?: PlatformSettings;
  readonly "dynoform:github"?: LinkStack;
  readonly "dynoform:pipeline"?: PipelineStack;
  /** An app's config vars. */
  readonly "dynoform:config"?: ConfigVars;
  /** The private keys of an app's certificates, by the certificates' names. */
  readonly "dynoform:certificates"?: SecureValues;
  /** What the DNS provider of `https.dns` is told, e.g. its token. */
  readonly "dynoform:dns"?: ConfigVars;
  /** By what GitHub lets the platform in. */
  readonly "dynoform:github-auth"?: Secure;
  /** Config vars of a pipeline's review apps. */
  readonly "dynoform:review-config"?: ConfigVars;
  /** Config vars of a pipeline's test runs. */
  readonly "dynoform:test-config"?: ConfigVars;
  /** Things that may go although a rule denies it, by name. */
  readonly "dynoform:allowDataLoss"?: readonly string[];
  /** Keys the names of dynos; whoever makes the file writes it. */
  readonly "dynoform:key"?: Secure;
}

interface OnPlatform {
  /**
   * The stack of the platform.
   * @default "platform"
   */
  readonly platform?: string;
}

interface AppStack extends AppSettings, OnPlatform {}
interface LinkStack extends GitHubLinkSettings, OnPlatform {}
interface PipelineStack extends PipelineSettings, OnPlatform {}

/** A value that Pulumi encrypted: `pulumi config set --secret` writes it. */
interface Secure {
  readonly secure: string;
}

type SecureValues = Readonly<Record<string, Secure>>;

/** Names to texts, plain or secure values. Whole numbers and booleans are taken as they print. */
type ConfigVars = Readonly<Record<string, string | number | boolean | Secure>>;
