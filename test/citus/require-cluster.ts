/** The suite cannot pass by finding nothing to test. */
export default function requireCluster(): void {
  if (!process.env.CITUS_URL)
    throw new Error(
      "CITUS_URL: must be the owner's URL of a database on the coordinator of a Citus cluster, as in postgres://postgres:…@coordinator:5432/ringfence; see docs/tenancy.md",
    );
}
