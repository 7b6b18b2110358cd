//! What there is to be asked, as clients look it up.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};
use arrow::array::AsArray;
use arrow_flight::sql::{CommandGetDbSchemas, CommandGetTables};

use super::{Serving, aside, exchange, texts};
use crate::sql::fixture;

#[test]
fn flight_lists_schemas_tables_and_columns() -> Result<()> {
    let serving = Serving::usual()?;
    let session = fixture()?;
    exchange(async {
        let mut flight = serving.flight().await?;
        let info = flight.0.get_catalogs().await?;
        let catalogs = flight.fetch(info).await?;
        ensure!(catalogs[0].column(0).as_string::<i32>().value(0) == "aftershock");
        let asked = CommandGetDbSchemas {
            catalog: Some("aftershock".to_owned()),
            db_schema_filter_pattern: None,
        };
        let info = flight.0.get_db_schemas(asked).await?;
        let schemas = flight.fetch(info).await?;
        let schemas: Vec<&str> = schemas[0].column(1).as_string::<i32>().iter().flatten().collect();
        ensure!(
            schemas == ["catalog", "recorded", "replayed", "synthetic"],
            "{schemas:?}"
        );
        let asked = CommandGetTables {
            include_schema: true,
            ..CommandGetTables::default()
        };
        let info = flight.0.get_tables(asked).await?;
        let found = flight.fetch(info).await?;
        let (schemas, names) = (
            found[0].column(1).as_string::<i32>(),
            found[0].column(2).as_string::<i32>(),
        );
        let found: BTreeSet<String> = schemas
            .iter()
            .flatten()
            .zip(names.iter().flatten())
            .map(|(schema, name)| format!("{schema}.{name}"))
            .collect();
        let known: BTreeSet<String> = session.tables().iter().cloned().collect();
        ensure!(found == known, "{:?}", found.symmetric_difference(&known));
        let asked = CommandGetTables {
            db_schema_filter_pattern: Some("replayed".to_owned()),
            table_name_filter_pattern: Some("outcomes".to_owned()),
            ..CommandGetTables::default()
        };
        let info = flight.0.get_tables(asked).await?;
        ensure!(flight.fetch(info).await?[0].num_rows() == 1);
        let info = flight.0.get_sql_info(Vec::new()).await?;
        ensure!(flight.fetch(info).await?[0].num_rows() > 5);
        Ok(())
    })?;
    serving.stop()
}

/// The queries behind `\dn`, `\dt` and `\d` of psql 15, as `psql -E` prints them.
const SCHEMAS: &str = r#"SELECT n.nspname AS "Name",
  pg_catalog.pg_get_userbyid(n.nspowner) AS "Owner"
FROM pg_catalog.pg_namespace n
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY 1;"#;
const TABLES: &str = r#"SELECT n.nspname as "Schema",
  c.relname as "Name",
  CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence' WHEN 't' THEN 'TOAST table' WHEN 'f' THEN 'foreign table' WHEN 'p' THEN 'partitioned table' WHEN 'I' THEN 'partitioned index' END as "Type",
  pg_catalog.pg_get_userbyid(c.relowner) as "Owner"
FROM pg_catalog.pg_class c
     LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
WHERE c.relkind IN ('r','p','')
      AND n.nspname <> 'pg_catalog'
      AND n.nspname !~ '^pg_toast'
      AND n.nspname <> 'information_schema'
  AND pg_catalog.pg_table_is_visible(c.oid)
ORDER BY 1,2;"#;
const TABLE: &str = "SELECT c.oid,
  n.nspname,
  c.relname
FROM pg_catalog.pg_class c
     LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname OPERATOR(pg_catalog.~) '^(outcomes)$' COLLATE pg_catalog.default
  AND n.nspname OPERATOR(pg_catalog.~) '^(replayed)$' COLLATE pg_catalog.default
ORDER BY 2, 3;";
const KIND: &str = "SELECT c.relchecks, c.relkind, c.relhasindex, c.relhasrules, c.relhastriggers, c.relrowsecurity, c.relforcerowsecurity, false AS relhasoids, c.relispartition, '', c.reltablespace, CASE WHEN c.reloftype = 0 THEN '' ELSE c.reloftype::pg_catalog.regtype::pg_catalog.text END, c.relpersistence, c.relreplident, am.amname
FROM pg_catalog.pg_class c
 LEFT JOIN pg_catalog.pg_class tc ON (c.reltoastrelid = tc.oid)
LEFT JOIN pg_catalog.pg_am am ON (c.relam = am.oid)
WHERE c.oid = '$oid';";
const COLUMNS: &str = "SELECT a.attname,
  pg_catalog.format_type(a.atttypid, a.atttypmod),
  (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid, true)
   FROM pg_catalog.pg_attrdef d
   WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef),
  a.attnotnull,
  (SELECT c.collname FROM pg_catalog.pg_collation c, pg_catalog.pg_type t
   WHERE c.oid = a.attcollation AND t.oid = a.atttypid AND a.attcollation <> t.typcollation) AS attcollation,
  a.attidentity,
  a.attgenerated
FROM pg_catalog.pg_attribute a
WHERE a.attrelid = '$oid' AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum;";
const POLICIES: &str = "SELECT pol.polname, pol.polpermissive,
  CASE WHEN pol.polroles = '{0}' THEN NULL ELSE pg_catalog.array_to_string(array(select rolname from pg_catalog.pg_roles where oid = any (pol.polroles) order by 1),',') END,
  pg_catalog.pg_get_expr(pol.polqual, pol.polrelid),
  pg_catalog.pg_get_expr(pol.polwithcheck, pol.polrelid),
  CASE pol.polcmd
    WHEN 'r' THEN 'SELECT'
    WHEN 'a' THEN 'INSERT'
    END AS cmd
FROM pg_catalog.pg_policy pol
WHERE pol.polrelid = '$oid' ORDER BY 1;";
const PUBLICATIONS: &str = "SELECT pubname
     , NULL
     , NULL
FROM pg_catalog.pg_publication p
     JOIN pg_catalog.pg_publication_namespace pn ON p.oid = pn.pnpubid
     JOIN pg_catalog.pg_class pc ON pc.relnamespace = pn.pnnspid
WHERE pc.oid ='$oid' and pg_catalog.pg_relation_is_publishable('$oid')
UNION
SELECT pubname
     , pg_get_expr(pr.prqual, c.oid)
     , NULL
FROM pg_catalog.pg_publication p
     JOIN pg_catalog.pg_publication_rel pr ON p.oid = pr.prpubid
     JOIN pg_catalog.pg_class c ON c.oid = pr.prrelid
WHERE pr.prrelid = '$oid'
ORDER BY 1;";
const PARENTS: &str = "SELECT c.oid::pg_catalog.regclass
FROM pg_catalog.pg_class c, pg_catalog.pg_inherits i
WHERE c.oid = i.inhparent AND i.inhrelid = '$oid'
  AND c.relkind != 'p' AND c.relkind != 'I'
ORDER BY inhseqno;";

/// Behind `\du`.
const ROLES: &str = "SELECT r.rolname, r.rolsuper, r.rolinherit,
  r.rolcreaterole, r.rolcreatedb, r.rolcanlogin,
  r.rolconnlimit, r.rolvaliduntil,
  ARRAY(SELECT b.rolname
        FROM pg_catalog.pg_auth_members m
        JOIN pg_catalog.pg_roles b ON (m.roleid = b.oid)
        WHERE m.member = r.oid) as memberof
, r.rolreplication
, r.rolbypassrls
FROM pg_catalog.pg_roles r
WHERE r.rolname !~ '^pg_'
ORDER BY 1;";

#[test]
fn what_psql_asks_of_the_catalogs_is_answered() -> Result<()> {
    let serving = Serving::usual()?;
    let session = fixture()?;
    exchange(async {
        let client = serving.postgres().await?;
        let column = |rows: &[Vec<Option<String>>], at: usize| -> Vec<String> {
            rows.iter()
                .map(|row| row[at].clone().unwrap_or_default())
                .collect()
        };
        let schemas = texts(&client, SCHEMAS).await?;
        ensure!(
            column(&schemas, 0) == ["catalog", "recorded", "replayed", "synthetic"],
            "{schemas:?}"
        );
        let tables = texts(&client, TABLES).await?;
        let found = tables.iter().map(|row| {
            [&row[0], &row[1]]
                .map(|name| name.clone().unwrap_or_default())
                .join(".")
        });
        let known: BTreeSet<String> = session.tables().iter().cloned().collect();
        ensure!(found.collect::<BTreeSet<_>>() == known, "{tables:?}");
        ensure!(tables[0][2].as_deref() == Some("table"), "{tables:?}");

        let found = texts(&client, TABLE).await?;
        ensure!(
            found.len() == 1 && found[0][2].as_deref() == Some("outcomes"),
            "{found:?}"
        );
        let oid = found[0][0].clone().context("a number")?;
        let of = |sql: &str| sql.replace("$oid", &oid);
        let kind = texts(&client, &of(KIND)).await?;
        ensure!(kind.len() == 1 && kind[0][1].as_deref() == Some("r"), "{kind:?}");
        let columns = texts(&client, &of(COLUMNS)).await?;
        let described = aside(|| session.sql("DESCRIBE replayed.outcomes"))?;
        let names: Vec<String> = described
            .iter()
            .flat_map(|batch| {
                batch
                    .column(0)
                    .as_string::<i32>()
                    .iter()
                    .flatten()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .collect();
        ensure!(column(&columns, 0) == names, "{columns:?}");
        let kinds: BTreeSet<String> = column(&columns, 1).into_iter().collect();
        ensure!(
            kinds.contains("double precision") && kinds.contains("text"),
            "{kinds:?}"
        );
        for sql in [POLICIES, PUBLICATIONS, PARENTS] {
            ensure!(texts(&client, &of(sql)).await?.is_empty(), "{sql}");
        }
        let roles = texts(&client, ROLES).await?;
        let [role] = roles.as_slice() else {
            bail!("{roles:?}");
        };
        let said = |at: usize| role[at].as_deref();
        ensure!((said(0), said(1), said(5), said(8)) == (Some("reader"), Some("f"), Some("t"), Some("{}")));
        // Drivers ask with parameters, and for what the server is.
        let sql = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1";
        let count: i64 = client.query_one(sql, &[&"replayed"]).await?.get(0);
        ensure!(
            count
                == session
                    .tables()
                    .iter()
                    .filter(|table| table.starts_with("replayed."))
                    .count() as i64
        );
        let version = texts(
            &client,
            "SELECT pg_catalog.version(), current_database(), current_schema()",
        )
        .await?;
        ensure!(
            version[0][0]
                .as_deref()
                .is_some_and(|said| said.starts_with("PostgreSQL 16.0")),
            "{version:?}"
        );
        let sql = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema = 'replayed' ORDER BY 2";
        ensure!(texts(&client, sql).await?.len() as i64 == count);
        let about = texts(
            &client,
            "SELECT obj_description('recorded.trades'::regclass, 'pg_class')",
        )
        .await?;
        ensure!(
            about[0][0].as_deref() == session.about("recorded.trades"),
            "{about:?}"
        );
        Ok(())
    })?;
    serving.stop()
}

/// Behind `\df` of psql 15.
const FUNCTIONS: &str = r#"SELECT n.nspname as "Schema",
  p.proname as "Name",
  pg_catalog.pg_get_function_result(p.oid) as "Result data type",
  pg_catalog.pg_get_function_arguments(p.oid) as "Argument data types",
 CASE p.prokind
  WHEN 'a' THEN 'agg'
  WHEN 'w' THEN 'window'
  WHEN 'p' THEN 'proc'
  ELSE 'func'
 END as "Type"
FROM pg_catalog.pg_proc p
     LEFT JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE pg_catalog.pg_function_is_visible(p.oid)
      AND n.nspname <> 'pg_catalog'
      AND n.nspname <> 'information_schema'
ORDER BY 1, 2, 4;"#;
/// What `\d+` asks where `\d` asks [`KIND`].
const KIND_MORE: &str = "SELECT c.relchecks, c.relkind, c.relhasindex, c.relhasrules, c.relhastriggers, c.relrowsecurity, c.relforcerowsecurity, false AS relhasoids, c.relispartition, pg_catalog.array_to_string(c.reloptions || array(select 'toast.' || x from pg_catalog.unnest(tc.reloptions) x), ', ')
, c.reltablespace, CASE WHEN c.reloftype = 0 THEN '' ELSE c.reloftype::pg_catalog.regtype::pg_catalog.text END, c.relpersistence, c.relreplident, am.amname
FROM pg_catalog.pg_class c
 LEFT JOIN pg_catalog.pg_class tc ON (c.reltoastrelid = tc.oid)
LEFT JOIN pg_catalog.pg_am am ON (c.relam = am.oid)
WHERE c.oid = 'replayed.outcomes'::regclass;";

#[test]
fn psql_lists_functions_and_more_of_a_table() -> Result<()> {
    let serving = Serving::usual()?;
    exchange(async {
        let client = serving.postgres().await?;
        let listed = texts(&client, FUNCTIONS).await?;
        let found: BTreeSet<&str> = listed.iter().filter_map(|row| row[1].as_deref()).collect();
        let known: BTreeSet<&str> = aftershock_query::functions::list()
            .iter()
            .map(|one| one.name)
            .collect();
        ensure!(known.is_subset(&found), "{:?}", known.difference(&found));
        ensure!(!found.contains("asof join"), "{found:?}");
        let medrv = listed.iter().find(|row| row[1].as_deref() == Some("medrv"));
        let medrv: Vec<&str> = medrv
            .context("medrv")?
            .iter()
            .flatten()
            .map(String::as_str)
            .collect();
        ensure!(medrv[3] == "at, price[, clock]" && medrv[4] == "agg", "{medrv:?}");
        let kind = texts(&client, KIND_MORE).await?;
        ensure!(kind.len() == 1 && kind[0][9].as_deref() == Some(""), "{kind:?}");
        Ok(())
    })?;
    serving.stop()
}

/// What pgjdbc 42.5 asks on its own and for its `DatabaseMetaData`, as it logs it.
const JDBC_SCHEMAS: &str = "SELECT nspname AS TABLE_SCHEM, NULL AS TABLE_CATALOG FROM pg_catalog.pg_namespace  WHERE nspname <> 'pg_toast' AND (nspname !~ '^pg_temp_'  OR nspname = (pg_catalog.current_schemas(true))[1]) AND (nspname !~ '^pg_toast_temp_'  OR nspname = replace((pg_catalog.current_schemas(true))[1], 'pg_temp_', 'pg_toast_temp_'))  ORDER BY TABLE_SCHEM";
const JDBC_TYPES: &str = "SELECT typinput='pg_catalog.array_in'::regproc as is_array, typtype, typname, pg_type.oid   FROM pg_catalog.pg_type   LEFT JOIN (select ns.oid as nspoid, ns.nspname, r.r           from pg_namespace as ns           join ( select s.r, (current_schemas(false))[s.r] as nspname                    from generate_series(1, array_upper(current_schemas(false), 1)) as s(r) ) as r          using ( nspname )        ) as sp     ON sp.nspoid = typnamespace  ORDER BY sp.r, pg_type.oid DESC";
const JDBC_TYPE_INFO: &str = "SELECT t.typname,t.oid FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON (t.typnamespace = n.oid)  WHERE n.nspname  != 'pg_toast' AND  (t.typrelid = 0 OR (SELECT c.relkind = 'c' FROM pg_catalog.pg_class c WHERE c.oid = t.typrelid))";
const JDBC_KEYS: &str = "SELECT        result.TABLE_CAT,        result.TABLE_SCHEM,        result.TABLE_NAME,        result.COLUMN_NAME,        result.KEY_SEQ,        result.PK_NAME FROM      (SELECT NULL AS TABLE_CAT, n.nspname AS TABLE_SCHEM,   ct.relname AS TABLE_NAME, a.attname AS COLUMN_NAME,   (information_schema._pg_expandarray(i.indkey)).n AS KEY_SEQ, ci.relname AS PK_NAME,   information_schema._pg_expandarray(i.indkey) AS KEYS, a.attnum AS A_ATTNUM FROM pg_catalog.pg_class ct   JOIN pg_catalog.pg_attribute a ON (ct.oid = a.attrelid)   JOIN pg_catalog.pg_namespace n ON (ct.relnamespace = n.oid)   JOIN pg_catalog.pg_index i ON ( a.attrelid = i.indrelid)   JOIN pg_catalog.pg_class ci ON (ci.oid = i.indexrelid) WHERE true  AND n.nspname = 'replayed' AND ct.relname = 'outcomes' AND i.indisprimary  ) result where  result.A_ATTNUM = (result.KEYS).x  ORDER BY result.table_name, result.pk_name, result.key_seq";
const JDBC_WORDS: &str = "select string_agg(word, ',') from pg_catalog.pg_get_keywords() where word <> ALL ('{select,absolute}'::text[])";
const JDBC_INDEX_KEYS: &str = "SELECT setting FROM pg_catalog.pg_settings WHERE name='max_index_keys'";
/// Remarks of tables, as pgjdbc and DBeaver join them.
const REMARKS: &str = "SELECT c.oid, c.*, d.description FROM pg_catalog.pg_class c LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_class'::regclass WHERE c.relname = 'trades'";

#[test]
fn what_jdbc_asks_of_the_catalogs_is_answered() -> Result<()> {
    let serving = Serving::usual()?;
    let session = fixture()?;
    exchange(async {
        let client = serving.postgres().await?;
        let schemas = texts(&client, JDBC_SCHEMAS).await?;
        let schemas: Vec<&str> = schemas.iter().filter_map(|row| row[0].as_deref()).collect();
        let known = [
            "catalog",
            "information_schema",
            "pg_catalog",
            "recorded",
            "replayed",
            "synthetic",
        ];
        ensure!(schemas == known, "{schemas:?}");
        for sql in [JDBC_TYPES, JDBC_TYPE_INFO] {
            let types = texts(&client, sql).await?;
            let float = types.iter().flatten().flatten().any(|text| text == "float8");
            ensure!(types.len() == 17 && float, "{types:?}");
        }
        ensure!(texts(&client, JDBC_KEYS).await?.is_empty());
        let words = texts(&client, JDBC_WORDS).await?;
        let words: Vec<&str> = words[0][0].as_deref().unwrap_or_default().split(',').collect();
        ensure!(
            words.contains(&"between") && !words.contains(&"select"),
            "{words:?}"
        );
        ensure!(texts(&client, JDBC_INDEX_KEYS).await?[0][0].as_deref() == Some("32"));
        let remarks = texts(&client, REMARKS).await?;
        let said = remarks.iter().filter_map(|row| row.last()?.as_deref());
        let said: Vec<&str> = said.collect();
        ensure!(
            said.contains(&session.about("recorded.trades").context("it is written down")?),
            "{said:?}"
        );
        Ok(())
    })?;
    serving.stop()
}

/// The columns of a table as the query builder of Grafana's PostgreSQL data source asks for them; it asks for tables alike.
const GRAFANA_COLUMNS: &str = "SELECT quote_ident(column_name) AS \"column\", data_type AS \"type\"
    FROM information_schema.columns
    WHERE
      CASE WHEN array_length(parse_ident('$table'),1) = 2
        THEN quote_ident(table_schema) = (parse_ident('$table'))[1]
          AND quote_ident(table_name) = (parse_ident('$table'))[2]
        ELSE quote_ident(table_name) = '$table'
          AND
          quote_ident(table_schema) IN (
          SELECT
          CASE WHEN trim(s[i]) = '\"$user\"' THEN user ELSE trim(s[i]) END
          FROM
            generate_series(
              array_lower(string_to_array(current_setting('search_path'),','),1),
              array_upper(string_to_array(current_setting('search_path'),','),1)
            ) as i,
            string_to_array(current_setting('search_path'),',') s
          )
      END";

#[test]
fn what_grafana_asks_of_the_catalogs_is_answered() -> Result<()> {
    let serving = Serving::usual()?;
    let session = fixture()?;
    exchange(async {
        let client = serving.postgres().await?;
        for (asked, table) in [
            ("recorded.episode_bars", "recorded.episode_bars"),
            ("outcomes", "replayed.outcomes"),
        ] {
            let columns = texts(&client, &GRAFANA_COLUMNS.replace("$table", asked)).await?;
            let described = aside(|| session.sql(&format!("DESCRIBE {table}")))?;
            let known: usize = described.iter().map(|batch| batch.num_rows()).sum();
            ensure!(columns.len() == known && known > 10, "{table}: {columns:?}");
        }
        Ok(())
    })?;
    serving.stop()
}
