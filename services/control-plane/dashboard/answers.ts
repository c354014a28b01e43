/** Of the API's answers what the pages show; times are ISO 8601. */

interface ApiUser {
  readonly id: string;
  readonly email: string;
}

export interface ApiApp {
  readonly id: string;
  readonly name: string;
  readonly web_url: string;
  readonly acm: boolean;
  readonly maintenance: boolean;
  readonly owner: ApiUser;
  readonly created_at: string;
}

export interface ApiDyno {
  readonly name: string;
  readonly type: string;
  readonly size: string;
  readonly state: string;
  readonly command: string;
  readonly updated_at: string;
}

export interface ApiFormation {
  readonly type: string;
  readonly command: string;
  readonly quantity: number;
  readonly size: string;
}

export interface ApiRelease {
  readonly id: string;
  readonly version: number;
  readonly description: string;
  readonly created_at: string;
  readonly current: boolean;
  readonly eligible_for_rollback: boolean;
  readonly slug: { readonly commit: string | null } | null;
  readonly user: ApiUser;
}

export interface ApiAddon {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly plan: { readonly name: string };
  readonly config_vars: readonly string[];
  readonly app: { readonly name: string };
}

export interface ApiPlan {
  readonly name: string;
  readonly description?: string;
}

export interface ApiDomain {
  readonly id: string;
  readonly hostname: string;
  readonly kind: string;
  readonly sni_endpoint: { readonly id: string; readonly name: string } | null;
  /** Of a certificate that renews itself. */
  readonly acm_status: string | null;
  readonly acm_status_reason: string | null;
}

/** A certificate: an uploaded one, or those that renew themselves together. */
export interface ApiCertificate {
  readonly name: string;
  readonly ssl_cert: { readonly expires_at: string; readonly acm: boolean };
}

export interface ApiCollaborator {
  readonly id: string;
  readonly role?: string | null;
  readonly user: ApiUser;
}

/** What is not as it is declared. */
export interface ApiDrift {
  /** Null: nobody looks. */
  readonly looked_at: string | null;
  readonly differences: readonly {
    readonly type: string;
    readonly name: string;
    readonly path: string | null;
    readonly declared: string;
    readonly there: string;
    /** When Docker changed it last; null: that does not say. */
    readonly changed_at: string | null;
  }[];
}

export interface ApiUsage {
  readonly month: string;
  /** Seconds. */
  readonly dynos: readonly { readonly type: string; readonly size: string; readonly seconds: number }[];
  /** Seconds; `remaining` null: without end. */
  readonly quota: {
    readonly per: "app" | "account";
    readonly seconds: number;
    readonly used: number;
    readonly used_by_app: number;
    readonly remaining: number | null;
  };
}

export interface ApiBuild {
  readonly id: string;
  readonly status: "pending" | "succeeded" | "failed";
  readonly source_blob: { readonly version: string };
  readonly created_at: string;
  readonly user: ApiUser;
}

export interface ApiPipeline {
  readonly id: string;
  readonly name: string;
}

/** In which stage of which pipeline an app is. */
export interface ApiCoupling {
  readonly id: string;
  readonly app: { readonly id: string; readonly name: string };
  readonly pipeline: { readonly id: string };
  readonly stage: "development" | "staging" | "production";
}

export interface ApiPipelineRepository {
  readonly full_name: string;
}

/** An app's repository at GitHub. */
export interface ApiLink {
  readonly repo: string;
  readonly branch: string;
  readonly auto_deploy: boolean;
  readonly wait_for_ci: boolean;
  readonly html_url: string;
  readonly stack: string;
  readonly forge: "github" | "gitea";
  readonly status: {
    readonly by: "webhook" | "polling";
    readonly head: string | null;
    readonly looked_at: string | null;
    readonly waiting: string | null;
    readonly problem: string | null;
  };
}

export interface ApiBranch {
  readonly name: string;
}

export interface ApiRepository {
  readonly full_name: string;
  readonly private: boolean;
}

/** The account of GitHub's that the visitor has connected. */
export interface ApiGithubAccount {
  readonly connected: boolean;
  readonly login: string | null;
  readonly forge: "github" | "gitea";
  readonly base_url: string;
  readonly way: "app" | "token" | "device" | null;
  /** The App's page at GitHub. */
  readonly app_url: string | null;
  readonly connected_at: string | null;
  /** Whether one can be connected by an App, and by a code. */
  readonly by_app: boolean;
  readonly by_code: boolean;
}
