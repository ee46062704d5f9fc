import java.lang.reflect.Constructor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.opensearch.common.logging.LogConfigurator;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;

/**
 * Starts one OpenSearch node in this process, with the modules of the class path, and runs it until it is stopped. Arguments: its directory, then settings as
 * key=value, with commas between several values.
 */
public class Engine {
    private static final String[] MODULES = {
        "transport.Netty4", "analysis.common.CommonAnalysis", "index.reindex.Reindex", "index.mapper.MapperExtras",
        "painless.Painless", "script.mustache.Mustache",
    };

    public static void main(String[] args) throws Exception {
        Path home = Path.of(args[0]);
        for (String part : new String[] {"config", "modules", "plugins"}) Files.createDirectories(home.resolve(part));
        Settings.Builder builder = Settings.builder().put("path.home", home.toString())
            .put("network.host", "127.0.0.1").put("cluster.routing.allocation.disk.threshold_enabled", false);
        for (String argument : List.of(args).subList(1, args.length)) {
            String[] setting = argument.split("=", 2);
            if (setting[1].contains(",")) builder.putList(setting[0], setting[1].split(","));
            else builder.put(setting[0], setting[1]);
        }
        Settings settings = builder.build();
        LogConfigurator.registerErrorListener();
        LogConfigurator.configureWithoutConfig(settings);
        Environment environment = InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), home.resolve("config"), () -> "engine");
        Node node = node(environment);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try { node.close(); } catch (Exception e) { e.printStackTrace(); }
        }));
        node.start();
        Thread.currentThread().join();
    }

    /** The constructor that takes plugins is for tests of theirs and not public: by classes in 2.x, by their descriptions in 3.x. */
    private static Node node(Environment environment) throws Exception {
        for (Constructor<?> constructor : Node.class.getDeclaredConstructors()) {
            Class<?>[] takes = constructor.getParameterTypes();
            if (takes.length != 3 || takes[0] != Environment.class || takes[1] != Collection.class || takes[2] != boolean.class) continue;
            boolean described = constructor.getGenericParameterTypes()[1].getTypeName().contains("PluginInfo");
            List<Object> plugins = new ArrayList<>();
            for (Class<?> module : modules()) plugins.add(described ? description(module) : module);
            constructor.setAccessible(true);
            return (Node) constructor.newInstance(environment, plugins, true);
        }
        throw new IllegalStateException("no constructor of a node takes plugins");
    }

    /** Classes are named *Plugin up to 2.18 and for some modules *ModulePlugin after it. */
    private static List<Class<?>> modules() throws ClassNotFoundException {
        List<Class<?>> found = new ArrayList<>();
        for (String module : MODULES) {
            Class<?> known = null;
            for (String end : new String[] {"Plugin", "ModulePlugin"}) {
                try { known = Class.forName("org.opensearch." + module + end); } catch (ClassNotFoundException absent) { continue; }
            }
            if (known == null) throw new ClassNotFoundException(module);
            found.add(known);
        }
        return found;
    }

    private static Object description(Class<?> module) throws Exception {
        Object version = Class.forName("org.opensearch.Version").getField("CURRENT").get(null);
        for (Constructor<?> constructor : Class.forName("org.opensearch.plugins.PluginInfo").getConstructors()) {
            Class<?>[] takes = constructor.getParameterTypes();
            if (takes.length == 9 && takes[3].getSimpleName().equals("Version")) {
                return constructor.newInstance(module.getName(), "module", "NA", version, "1.8", module.getName(), null, List.of(), false);
            }
        }
        throw new IllegalStateException("no constructor of PluginInfo fits");
    }
}
