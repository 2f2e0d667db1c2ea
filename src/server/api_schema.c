/* The objects of our own API, for its OpenAPI document. The notation is that of struct api_schema. */
#include "server/api_inner.h"

const struct api_schema api_schemas[] = {
    {"Error", "What went wrong. `file`, `line` and `column` tell where, for text with errors.", "error ErrorText",
     false},
    {"ErrorText", "",
     "code string a word for programs: not_found, unreadable, forbidden, ...\n"
     "message string a sentence for people\n"
     "hint? string what to do about it\n"
     "file? string the file, or body for the request's\n"
     "line? integer from 1\n"
     "column? integer from 1, in bytes",
     false},
    {"Server", "",
     "name string tt-explorer\n"
     "version string of the program\n"
     "api integer of this API\n"
     "read_only boolean changes are refused\n"
     "execution boolean models can be run\n"
     "watch boolean files are looked after\n"
     "max_upload integer bytes\n"
     "layers string[] rules for layers",
     false},

    {"OpenRequest", "Either `path`, or `text`.",
     "path? string a file below the allowed folders\n"
     "text? string the text of a module\n"
     "name? string a name for the text",
     true},
    {"Models", "", "models Model[]", false},
    {"Model", "A model of the workspace.",
     "id string the SHA-256 of its bytes, 64 hexadecimal digits\n"
     "name string\n"
     "path string where it was opened from; empty for uploads and pasted text\n"
     "format string mlir, mlir-bytecode, graph-json\n"
     "size integer bytes\n"
     "stored boolean the workspace keeps its bytes\n"
     "added integer milliseconds since 1970\n"
     "opened integer the last time, milliseconds since 1970\n"
     "loaded boolean it is in memory\n"
     "parts? Part[] when it is loaded\n"
     "diagnostics? Diagnostic[] when it is loaded\n"
     "load_us? integer microseconds that loading took",
     false},
    {"Part", "One module of a file; files of several are split by lines of // -----.",
     "part integer its number, from 0\n"
     "readable boolean false: see the diagnostics\n"
     "collection string label of the collection, in graph JSON\n"
     "graph? string id of the graph, in graph JSON\n"
     "subgraphs? string[] ids of the graphs of the file that its nodes lead to\n"
     "ops? integer ops in it",
     false},
    {"Diagnostic", "",
     "severity string error, warning, note\n"
     "message string\n"
     "file? string\n"
     "line? integer from 1\n"
     "column? integer from 1, in bytes",
     false},
    {"Stages", "", "stages Stage[]", false},
    {"Stage", "",
     "stage integer its number; 0 is the source\n"
     "name string\n"
     "format string\n"
     "bytes integer of its text\n"
     "parts Part[]\n"
     "diagnostics Diagnostic[]",
     false},

    {"RunRequest", "How to compile. Everything may be left out.",
     "part? integer of a file of several modules, from 0\n"
     "level? integer 0, 1 or 2: the optimization level\n"
     "device? string a built-in board: n150, n300, p100, p150; otherwise the mock of arch\n"
     "arch? string wormhole_b0 or blackhole\n"
     "system? SystemFile instead of device and arch\n"
     "mesh? any the shape of the mesh: [1, 2] or 1x2\n"
     "options? object options of the vendor's pipeline by their names\n"
     "overrides? object a set of overrides",
     false},
    {"SystemFile", "A system descriptor (.ttsys), whole.",
     "name? string of the file\n"
     "base64 string its bytes",
     false},
    {"Runs", "", "runs RunSummary[]", false},
    {"RunSummary", "",
     "id string\n"
     "state string compiled or failed\n"
     "created integer milliseconds since 1970\n"
     "settings object as in RunRequest",
     false},
    {"Run", "A compilation with all its stages.",
     "id string a hash of everything it depends on\n"
     "model string\n"
     "settings object as in RunRequest\n"
     "ok boolean false: a pass failed, see the diagnostics; the stages before it are there\n"
     "us number microseconds it took\n"
     "stages RunStage[]\n"
     "diagnostics Diagnostic[]\n"
     "overrides OverrideResult[] what became of each setting on each op\n"
     "estimate? Estimate of what the last module takes\n"
     "unkept? string why it will not be there when the server has ended: the workspace could not take it",
     false},
    {"Estimate", "By the cost model; not a measurement.",
     "us number all forward functions\n"
     "compute number microseconds of ops bound by it\n"
     "dram number\n"
     "l1 number\n"
     "dispatch number\n"
     "ethernet number\n"
     "ops integer\n"
     "unknown integer ops without a formula\n"
     "peak_l1 integer bytes of one core, the largest need of an op",
     true},
    {"OverrideResult", "",
     "entry integer of the set\n"
     "setting integer of the entry\n"
     "target string\n"
     "key string\n"
     "value string\n"
     "state string applied, unmatched, conflict, illegal, impossible\n"
     "op? string identity of the op\n"
     "location? string its name\n"
     "why? string a sentence\n"
     "nearest? string[] legal values near it",
     true},
    {"RunFields", "",
     "stage integer the stage that overrides are judged on\n"
     "total integer ops that the node became there\n"
     "ops FieldsOfOp[] the first of them",
     false},
    {"Suggestions", "Estimates, not measurements.", "suggestions Suggestion[]", false},
    {"Suggestion", "",
     "identity string @function/op#number\n"
     "name string of its location\n"
     "op string\n"
     "before_us number of the op and what moves tensors to and from it\n"
     "after_us number\n"
     "changes_numbers boolean results become less exact\n"
     "settings SuggestedSetting[]",
     false},
    {"RunsCompared", "Estimates, not measurements.",
     "runs EstimatedRun[] in the order asked for\n"
     "total integer ops there are\n"
     "ops EstimatedOp[] the ones that differ most first",
     false},
    {"EstimatedRun", "",
     "id string\n"
     "us number all forward functions\n"
     "rest_us number of it, ops that come from none of those listed\n"
     "peak_l1 integer bytes of one core, the largest need of an op",
     false},
    {"EstimatedOp", "An op as overrides are judged on it, with everything it became by the end of each run.",
     "identity string @function/op#number\n"
     "name string of its location\n"
     "op string\n"
     "us number[] per run, 0 where there is no such op\n"
     "l1 integer[] bytes of one core",
     false},
    {"SuggestedSetting", "", "group string\nkey string\nvalue string", false},
    {"FieldsOfOp", "",
     "identity string @function/op#number\n"
     "name string of its location\n"
     "op string\n"
     "fields Field[]",
     false},
    {"Field", "Something that an override may set.",
     "group string output_layout, conv2d_config, ...\n"
     "key string\n"
     "help string\n"
     "control string choice, number, grid\n"
     "value string what holds now\n"
     "options FieldOption[] of a choice all values; of a grid the legal ones; of a number the legal ones when they are "
     "few\n"
     "min? integer of a number\n"
     "max? integer\n"
     "step? integer\n"
     "why? string of a number that may have no value at all: the reason",
     false},
    {"FieldOption", "", "value string\nlegal boolean\nwhy? string", false},
    {"OverridesForms", "Of a request only `options` or `overrides` is needed.",
     "options? string the vendor's option string\n"
     "overrides? object JSON, today's tool's or ours; an answer has ours\n"
     "adapter? object as today's tool has it\n"
     "left_out? string settings that the option string cannot express, one per line",
     true},
    {"ExecutionRequest", "What to execute, and how. Everything may be left out.",
     "part? integer of a file of several modules, from 0\n"
     "run? string a compile run\n"
     "stage? integer a stage of it\n"
     "threads? integer 0: as many as there are processors\n"
     "seed? integer of the values of arguments\n"
     "repeat? integer how often; times are medians. 0: once to warm up, then three times, or fewer once a second has "
     "passed\n"
     "max_memory? integer bytes; more is refused before it starts\n"
     "numbers? string as-written, f32 or f64\n"
     "golden? boolean run in f32 as well and compare every op\n"
     "pcc? number what agrees less has diverged, 0.99 unless told\n"
     "keep? boolean all tensors stay in memory to be looked at, if they fit\n"
     "keep_memory? integer bytes they may take, 1 GiB unless told, at most 4 GiB, which is what all executions share\n"
     "inputs? ExecutionInput[] values of arguments; the others have values of the seed",
     true},
    {"ExecutionInput", "An uploaded file for arguments.",
     "tensor integer its number: POST /models/{id}/tensors\n"
     "argument? any name or number of an argument; without it entries go to the arguments of their names, else in "
     "order",
     false},
    {"GivenInput", "", "argument integer its number\nname string of the argument\nfile string", false},
    {"Arguments", "", "arguments Argument[]", false},
    {"Argument", "",
     "argument integer its number\n"
     "role string input, parameter or constant\n"
     "name string\n"
     "dtype string\n"
     "shape integer[] on one device; -1: the input decides\n"
     "devices integer that have a tensor each",
     false},
    {"Results", "", "results Result[]", false},
    {"Result", "",
     "result integer its number\n"
     "name string\n"
     "dtype string\n"
     "shape integer[] on one device\n"
     "devices integer that have a tensor each",
     false},
    {"TensorFiles", "", "tensors TensorFile[]", false},
    {"TensorFile", "",
     "id integer\n"
     "name string\n"
     "bytes integer\n"
     "created integer milliseconds since 1970\n"
     "format string npy, npz, safetensors, raw or other\n"
     "entries TensorEntry[] none of raw elements",
     false},
    {"TensorEntry", "", "name string empty in a .npy\ndtype string\nshape integer[]", false},
    {"Executions", "", "executions ExecutionSummary[]", false},
    {"ExecutionSummary", "",
     "id integer\ncreated integer milliseconds since 1970\nus number the median run\nsettings object as in "
     "ExecutionRequest\nkept integer bytes of tensors that can be looked at; 0: none are in memory",
     false},
    {"Execution", "",
     "settings object as in ExecutionRequest\n"
     "runs? integer that are timed\n"
     "us number the median run\n"
     "least_us number\n"
     "most_us number\n"
     "memory object bytes of arguments, constants, planned values, cached ones, scratch\n"
     "divergence? Divergence from the golden run\n"
     "notes? string[] of a trace: what was left out, and why\n"
     "kept? KeptTensors when it ended; later executions may have pushed them out\n"
     "inputs? GivenInput[] arguments that had values of files\n"
     "ops ExecutedOp[] in order of execution",
     false},
    {"Measured", "What became of a trace.",
     "execution integer its number\nformat string\nops integer\nbound integer those with a node\n"
     "notes string[] what was left out, and why",
     false},
    {"KeptTensors", "",
     "bytes integer that stay; 0: none\nmakes? boolean they are made when they are looked at\nwhy? string why "
     "there are none",
     false},
    {"Divergence", "Where accuracy falls. An op without a comparison counts as good as the worst of what it reads.",
     "pcc number the threshold\n"
     "compared integer ops\n"
     "bad integer those below the threshold\n"
     "origins integer bad ones that read good values only\n"
     "first string|null the first bad one in order of execution\n"
     "origin string|null the first bad one that reads good values only\n"
     "fall string|null the op whose PCC lies furthest below the lowest of what it reads\n"
     "fall_by number and by how much",
     false},
    {"Tensor", "",
     "node integer\n"
     "out integer which result\n"
     "outs integer how many the node has\n"
     "device integer\n"
     "devices integer that have one each\n"
     "dtype string as it is kept in memory, of complex numbers that of their parts\n"
     "shape integer[]\n"
     "bytes integer\n"
     "statistics TensorStatistics\n"
     "bins integer[] counts between min and max\n"
     "accuracy? TensorAccuracy against the golden run",
     false},
    {"TensorStatistics", "min, max, mean and deviation are of the finite elements.",
     "count integer\nnans integer\ninfinities integer\nzeros integer\nmin number\nmax number\nmean number\n"
     "deviation number",
     false},
    {"TensorAccuracy", "", "pcc number\nabsolute number largest difference\nrelative number largest relative one",
     false},
    {"TensorWindow", "",
     "height integer of the slice\n"
     "width integer\n"
     "row integer of the first value\n"
     "column integer\n"
     "rows any[] lists of values; NaN, inf and -inf are texts",
     false},
    {"ExecutedOp", "What a trace does not say is left out.",
     "id string of its node; empty: it has none\n"
     "op string\n"
     "kernel string\n"
     "start_us? number in the last run\n"
     "last_us? number in the last run\n"
     "us? number the median\n"
     "least_us? number\n"
     "most_us? number\n"
     "threads? integer\n"
     "read? integer bytes\n"
     "written? integer bytes\n"
     "flops? integer\n"
     "live? integer bytes of intermediate values in use meanwhile\n"
     "pcc? number correlation with the golden run\n"
     "absolute? number largest difference\n"
     "relative? number largest relative difference\n"
     "devices? integer that have tensors of their own, all of them compared, absent: one is for all\n"
     "device? integer the one of them that agrees least and has this pcc\n"
     "loc? string text of its location, of a trace\n"
     "rows? integer of the trace that it was made of\n"
     "no_accuracy? string why it has none although there was a golden run",
     false},
    {"RunStage", "The module after a pass.",
     "stage integer its number; 0 is the input\n"
     "pass string empty for the input\n"
     "number integer of the pass in the pipeline, from 1; 0 for the input\n"
     "changed boolean the pass changed something\n"
     "failed boolean\n"
     "same_as integer the first stage with the same module\n"
     "ops integer in it\n"
     "us number microseconds the pass took",
     false},
    {"Followed", "", "stages FollowedStage[]", false},
    {"FollowedStage", "", "stage integer\nnodes integer[] their numbers, ascending", false},

    {"GraphJson", "Graph JSON of Model Explorer.", "graphs object[]", false},
    {"NodesRequest", "", "nodes integer[] their numbers", true},
    {"Nodes", "", "nodes Node[]", false},
    {"Node", "All about a node or layer.",
     "node integer its number\n"
     "id string\n"
     "adapterId? string what tt_adapter calls it\n"
     "label string\n"
     "kind string layer, op, argument, constant, return\n"
     "namespace string the layers around it\n"
     "parent integer the layer it is in\n"
     "order? integer place in program order\n"
     "calls? integer[] layers of the functions it calls\n"
     "op? string its operation\n"
     "help? string what the operation does\n"
     "src? integer[] first byte of its text and the one after the last\n"
     "attrs Attribute[]\n"
     "inputs? NodeInput[] of what is no layer\n"
     "outputs? NodeOutput[] of what is no layer\n"
     "children? integer of a layer: how many are in it\n"
     "descendants? integer of a layer: with all below",
     false},
    {"OpDoc", "The documentation of an op.",
     "op string\n"
     "dialect string\n"
     "help? string what it does\n"
     "dialect_help? string what the dialect is for\n"
     "traits string[] sentences\n"
     "operands OpValue[]\n"
     "results OpValue[]\n"
     "attributes OpAttribute[]\n"
     "regions OpRegion[]\n"
     "rules string[] how types depend on each other",
     false},
    {"OpValue", "",
     "name? string\narity string one, optional, variadic, variadic of variadic\ntype? string what is allowed, in words",
     false},
    {"OpAttribute", "",
     "name string\ntype? string what is allowed, in words\noptional boolean\ndefault? string as text of an attribute\n"
     "cases? string[] of an enum",
     false},
    {"OpRegion", "", "name? string\narity string", false},
    {"Attribute", "",
     "key string\nvalue any\nextra? boolean tt_adapter does not write it\nmeter? boolean the value is a share from 0 "
     "to 1\neditable? object",
     true},
    {"NodeInput", "",
     "index integer\nname string\nnode integer where it comes from\nout integer which of its results\nattrs "
     "Attribute[]",
     true},
    {"NodeOutput", "", "index integer\nname string\nreaders Reader[] who uses it\nattrs Attribute[]", true},
    {"Reader", "", "node integer\nin integer which of its operands", false},
    {"SearchRequest", "All terms must hold.",
     "terms SearchTerm[]\n"
     "within? integer number of a layer to stay in\n"
     "limit? integer at most this many hits are listed\n"
     "form? string nodes: numbers of nodes instead of hits",
     true},
    {"SearchTerm", "",
     "text? string a regular expression; with min or max the name of an attribute\n"
     "where? string[] label, attrs, inputs, outputs, id, namespace, layers; default all\n"
     "plain? boolean the text as it is\n"
     "case? boolean mind upper and lower case\n"
     "not? boolean must not be found\n"
     "min? number the attribute named by text must be a number, at least this\n"
     "max? number and at most this\n"
     "only? string nodes or layers, instead of a text",
     true},
    {"Hits", "",
     "total integer all there are, listed or not\n"
     "hits Hit[]\n"
     "nodes? integer[] with form nodes, instead of hits",
     false},
    {"Hit", "",
     "node integer\nid string\nlabel string\nname? string of a weight: what the model calls it\nwhere string[] places "
     "in which it was found",
     false},

    {"Trace", "Ascending numbers of nodes, without the node itself.",
     "node integer\nup? integer[] what feeds it\ndown? integer[] what it feeds", false},
    {"Paths", "",
     "steps integer|null of a shortest path; null: there is none\n"
     "count integer|null how many there are; null: more than 2^53, or not known because of cycles\n"
     "complete boolean all of them are listed\n"
     "between integer[] nodes on any of them\n"
     "paths any[] lists of nodes, a shortest one first",
     false},
    {"Identical", "", "groups any[] lists of layers that are identical, two or more each", false},
    {"Looks", "Colours, directions and more, as graph JSON has them.",
     "styles Look[]\n"
     "leftRight integer[] layers that are laid out from left to right\n"
     "hidden integer[] nodes that are left out\n"
     "overlays any[] edge overlays of Model Explorer\n"
     "subgraphs Leads[] nodes that lead to other graphs of the file",
     false},
    {"Look", "Colours of a node or layer, as CSS writes them.",
     "node integer\n"
     "fill? string\n"
     "border? string\n"
     "text? string",
     false},
    {"Leads", "", "node integer\ngraphs string[] their ids", false},
    {"Repeats", "", "repeats Repeat[]", false},
    {"Repeat", "Equal blocks one after another.",
     "first integer first node\n"
     "end integer the node behind the last\n"
     "length integer children in a block\n"
     "count integer blocks",
     false},
    {"BindRequest", "", "ids string[] distinct", true},
    {"Bound", "", "nodes integer[] for each id its node, 0: none", false},

    {"Text", "A range of a text. Lines and columns count from 1, columns in bytes.",
     "begin integer first byte\n"
     "end integer byte after the last\n"
     "line integer of the first byte\n"
     "column integer of the first byte\n"
     "total integer bytes of the whole part\n"
     "total_lines? integer when count was asked for\n"
     "first integer byte where the part begins, line breaks for other parts of the file being before it\n"
     "text string",
     false},
    {"OpsOfLines", "",
     "ops OpOfLines[] by place, at most 10,000\n"
     "around integer|null the innermost node that began before and is still open",
     false},
    {"OpOfLines", "",
     "node integer 0: it is in no graph\nop string\nbegin integer\nend integer\nline integer\nend_line integer", false},
    {"LinesOfOp", "",
     "node integer\nbegin integer\nend integer\nline integer\ncolumn integer\nend_line integer\nend_column integer\n"
     "first integer",
     false},
    {"UserSource", "",
     "file string as the location has it\n"
     "line integer\n"
     "column integer\n"
     "readable boolean false: the file is not there, or not below the allowed folders\n"
     "path? string the file\n"
     "first_line? integer of the text\n"
     "text? string",
     false},
    {"Diff",
     "Lists of nodes by their ids; with form=nodes by their numbers, those of matched nodes in pairs; with form=sync a "
     "mapping of Model Explorer.",
     "same? integer how many are equal\n"
     "changed? any[]\n"
     "removed? any[]\n"
     "added? any[]\n"
     "pairs? integer[] of nodes that were matched",
     true},

    {"Overlays", "", "overlays Overlay[]", false},
    {"Overlay", "",
     "id integer\n"
     "model string\n"
     "name string\n"
     "graph string the graph it is for; empty: any\n"
     "bytes integer\n"
     "created integer milliseconds since 1970\n"
     "changed integer milliseconds since 1970",
     false},
    {"NodeData", "Node data of Model Explorer.", "results object", true},
    {"OverlayValues", "",
     "name string\n"
     "min number of all numbers\n"
     "max number\n"
     "numbers boolean it has numbers\n"
     "unbound integer values whose key is no node of this graph\n"
     "gradient OverlayStop[] its places from 0 to 1\n"
     "thresholds OverlayStop[] upper bounds\n"
     "options object further members of the node data, such as what its tables leave out\n"
     "values OverlayValue[]",
     false},
    {"OverlayStop", "", "value number\ncolour string as in the node data", false},
    {"OverlayValue", "", "node integer\nvalue any\ncolour? string #rrggbbaa", false},

    {"OverlayLayers", "", "layers OverlayLayer[] those with values inside", false},
    {"OverlayLayer", "min, max, sum and avg are of its numbers.",
     "layer integer its number, 0 for the whole graph\n"
     "count integer values\n"
     "min? number\nmax? number\nsum? number\navg? number\n"
     "bars ColourShare[] how many of the values have which colour",
     false},
    {"ColourShare", "", "colour string #rrggbbaa\nshare number 0 to 1", false},

    {"OverrideSets", "", "overrides OverrideSetInfo[]", false},
    {"OverrideSetInfo", "",
     "id integer\nmodel string\nname string\nstate string free text\nbytes integer\n"
     "created integer milliseconds since 1970\nchanged integer milliseconds since 1970",
     false},
    {"OverrideSet", "",
     "id integer\nmodel string\nname string\nstate string free text\n"
     "created integer milliseconds since 1970\nchanged integer milliseconds since 1970\n"
     "overrides Override{} as they were given",
     false},
    {"OverridesRequest", "", "name? string\nstate? string\noverrides? Override{}", true},
    {"Override", "As runs take them, ours or in the form of Tenstorrent's page.",
     "bind? string name, identity or query\ntarget? string what it is bound to, unless named_location says it\n"
     "named_location? string\nfull_location? string\nattributes OverrideAttribute[]",
     false},
    {"OverrideAttribute", "", "key string\nvalue string", false},

    {"Jobs", "", "jobs Job[] the newest first", false},
    {"Job", "",
     "id integer\n"
     "kind string open, load, ...\n"
     "title string\n"
     "state string queued, running, done, failed, cancelled\n"
     "done integer\n"
     "total integer 0: unknown\n"
     "message string what it is doing\n"
     "error string|null\n"
     "result any what came of it, or null\n"
     "started integer milliseconds since 1970\n"
     "ended integer milliseconds since 1970, 0: not yet",
     false},
    {"JobLog", "", "text string\nnext integer where to go on", false},

    {"Workspace", "",
     "folder string\n"
     "notice string what its opening found; mostly empty\n"
     "models integer\n"
     "stored_bytes integer of models that were uploaded or pasted\n"
     "derived_bytes integer of data that can be computed again\n"
     "read_only boolean",
     false},
    {"Files", "", "files File[]\nmore boolean there are others", false},
    {"File", "", "name string\npath string\nfolder boolean\nsize integer bytes", false},
    {"Preload", "", "roots string[]\nfiles string[]\nmore boolean there are others", false},
};
const size_t api_n_schemas = sizeof api_schemas / sizeof *api_schemas;
