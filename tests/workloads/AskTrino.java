import static io.trino.spi.type.VarcharType.VARCHAR;

import io.trino.Session;
import io.trino.connector.MockConnectorFactory;
import io.trino.plugin.base.security.FileBasedSystemAccessControl;
import io.trino.security.AccessControlManager;
import io.trino.spi.connector.ColumnMetadata;
import io.trino.spi.security.Identity;
import io.trino.spi.security.SystemAccessControl;
import io.trino.testing.LocalQueryRunner;
import io.trino.testing.MaterializedRow;
import io.trino.testing.TestingSession;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;

/**
 * Answers statements under rules of file-based access control. Arguments: the rules; a file of tables, "schema TAB table TAB
 * columns TAB rows", where commas separate columns and values, and semicolons rows; a file of "group TAB statement".
 */
class AskTrino {
    public static void main(String[] arguments) throws Exception {
        List<String[]> tables = Files.readAllLines(Path.of(arguments[1])).stream().map(line -> line.split("\t")).toList();
        Session session = TestingSession.testSessionBuilder().setCatalog("lake").setSchema("none").build();
        LocalQueryRunner trino = LocalQueryRunner.create(session);
        MockConnectorFactory lake = MockConnectorFactory.builder()
                .withListSchemaNames(any -> tables.stream().map(table -> table[0]).distinct().toList())
                .withListTables((any, schema) -> tables.stream()
                        .filter(table -> table[0].equals(schema)).map(table -> table[1]).toList())
                .withGetColumns(name -> tables.stream()
                        .filter(table -> name.toString().equals(table[0] + "." + table[1]))
                        .flatMap(table -> Arrays.stream(table[2].split(",")))
                        .map(column -> new ColumnMetadata(column, VARCHAR)).toList())
                .withData(name -> tables.stream()
                        .filter(table -> name.toString().equals(table[0] + "." + table[1]))
                        .flatMap(table -> Arrays.stream(table[3].split(";")))
                        .<List<?>>map(row -> List.of((Object[]) row.split(","))).toList())
                .build();
        trino.createCatalog("lake", lake, Map.of());
        // the runner begins with a control that allows everything
        var inUse = AccessControlManager.class.getDeclaredField("systemAccessControls");
        inUse.setAccessible(true);
        ((AtomicReference<List<SystemAccessControl>>) inUse.get(trino.getAccessControl())).set(List.of(
                new FileBasedSystemAccessControl.Factory().create(Map.of("security.config-file", arguments[0]))));
        for (String line : Files.readAllLines(Path.of(arguments[2]))) {
            Identity person = Identity.forUser("ann@example.com")
                    .withGroups(Set.of(line.substring(0, line.indexOf('\t')))).build();
            String answer;
            try {
                answer = trino.execute(Session.builder(session).setIdentity(person).build(),
                                line.substring(line.indexOf('\t') + 1))
                        .getMaterializedRows().stream().map(AskTrino::text).collect(Collectors.joining(";"));
            } catch (RuntimeException error) {
                answer = error.toString().replace('\n', ' ');
            }
            System.out.println("> " + answer);
        }
        System.exit(0);
    }

    private static String text(MaterializedRow row) {
        return row.getFields().stream().map(String::valueOf).collect(Collectors.joining(","));
    }
}
